import Files
import Foundation
import Gauntlet

extension PrivacyRecord {
  /// What lies beside a model.
  enum Found {
    case nothing
    /// It is about this model.
    case statement(PrivacyRecord)
    /// It is about other weights; says which file, and why.
    case other(String)
  }

  /// Looks beside a model for the statement that training left, and reads it.
  ///
  /// For a network of the package's own format, `NAME.json` or `NAME.safetensors`, that is
  /// `NAME.privacy.json`; for `NAME.onnx` it is `NAME.onnx.privacy.json`, which exporting writes,
  /// or else `NAME.privacy.json`.
  ///
  /// - Throws: `FileError`, and `NetworkFileError` for a file that is no such statement.
  static func beside(_ model: String, format: ModelFormat) throws -> Found {
    let (weights, candidates) =
      switch format {
      case .native:
        (NetworkFile.paths(model).weights, [NetworkFile.stem(model) + ".privacy.json"])
      case .onnx:
        (
          model,
          [model].map { $0 + ".privacy.json" }
            + (model.hasSuffix(".onnx") ? [model.dropLast(5) + ".privacy.json"] : [])
        )
      }
    guard let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) })
    else { return .nothing }
    let record = try read(path)
    let digest = try sha256(ofFile: weights)
    guard record.weights == digest else {
      return .other(
        "the privacy statement '\(path)' is about weights with SHA-256 "
          + "\(record.weights.prefix(12))..., not about '\(weights)' with \(digest.prefix(12))...; "
          + "it is left out")
    }
    return .statement(record)
  }

  private static func read(_ path: String) throws -> PrivacyRecord {
    let bytes = try readFile(path, limit: 1 << 20)
    func fault(_ problem: String) -> NetworkFileError {
      .malformed(path: path, problem: "is no privacy statement: \(problem)")
    }
    guard let json = try? JSONDecoder().decode(ParameterValue.self, from: Data(bytes)) else {
      throw fault("is not JSON")
    }
    do {
      return try PrivacyRecord(json)
    } catch DecodingError.dataCorrupted(let context) {
      throw fault(context.debugDescription)
    }
  }
}
