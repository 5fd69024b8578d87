public import Files
public import Imaging

/// Why a data set could not be read or written.
public enum DatasetError: Error, Equatable {
  /// A file could not be read, decompressed or written.
  case file(FileError)
  /// A PNG image could not be decoded.
  case image(PNGError)
  /// The contents of a file are not what they must be; `place` says where in it.
  case malformed(path: String, place: String, problem: String)
  /// The file or folder is none of the kinds that are known.
  case notRecognised(path: String, problem: String)
  /// The data set has no such part.
  case missingSplit(path: String, split: String, problem: String)
  /// The data set cannot be written in this format.
  case notWritable(path: String, problem: String)
}

extension DatasetError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .image(let error): error.description
    case .malformed(let path, let place, let problem): "data file '\(path)': \(place) \(problem)"
    case .notRecognised(let path, let problem): "'\(path)' is no data set: \(problem)"
    case .missingSplit(let path, let split, let problem):
      "data set '\(path)' has no split '\(split)': \(problem)"
    case .notWritable(let path, let problem): "data set '\(path)' cannot be written: \(problem)"
    }
  }
}

/// Calls `body` and turns its error into this module's.
func readingFiles<R>(_ body: () throws(FileError) -> R) throws(DatasetError) -> R {
  do throws(FileError) {
    return try body()
  } catch {
    throw .file(error)
  }
}
