public import Evaluation
internal import Foundation

extension EvaluationResult {
  /// The document as JSON text, fields in alphabetical order, ending with a line feed.
  ///
  /// - Throws: `EncodingError` for a number that is not finite; there is none in a result of a run.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
