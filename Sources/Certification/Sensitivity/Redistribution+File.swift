internal import Datasets
internal import Files
internal import Foundation

extension Redistribution {
  /// Shares from a file: a JSON array of numbers, or a NumPy array (`.npy`) of float32 or float64
  /// in the row-major order of the values.
  ///
  /// They are divided by their sum, which may differ from 1 by 1e-6.
  /// - Parameter count: K.
  /// - Throws: ``CertificationError/file(path:problem:)`` for a file that cannot be read, another
  ///   number of numbers, one that is not in (0, 1], or another sum.
  public static func read(
    _ path: String, count: Int
  ) throws(CertificationError) -> Redistribution {
    var record = Record(.file)
    let values: [Double]
    do {
      record.sha256 = try sha256(ofFile: path)
      values =
        try path.lowercased().hasSuffix(".npy")
        ? numbers(of: NumpyArray.read(path), path: path)
        : JSONDecoder().decode([Double].self, from: Data(readFile(path)))
    } catch let error as CertificationError {
      throw error
    } catch let error as FileError {
      throw .file(path: path, problem: error.problem)
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context)
    {
      let place = context.codingPath.last?.intValue.map { "at \($0)" } ?? "as a whole"
      throw .file(path: path, problem: "holds something else \(place), expected a number")
    } catch let error as DatasetError {
      throw .file(path: path, problem: "is no NumPy array of numbers: \(error)")
    } catch {
      throw .file(path: path, problem: "is no JSON array of numbers")
    }
    if let problem = problem(in: values, count: count) {
      throw .file(path: path, problem: "\(problem) (a redistribution of noise)")
    }
    record.path = path
    record.caveat =
      "the redistribution of the noise was read from a file: a privacy figure holds only if it was not "
      + "computed from the examples"
    let sum = values.reduce(0, +)
    return Redistribution(values.map { $0 / sum }, record)
  }

  private static func numbers(of array: NumpyArray, path: String) throws -> [Double] {
    switch array.values {
    case .float32(let values): return values.map(Double.init)
    case .float64(let values): return values
    case .uint8, .int32, .int64:
      throw CertificationError.file(
        path: path, problem: "holds \(array.values.typeName), expected float32 or float64")
    }
  }
}
