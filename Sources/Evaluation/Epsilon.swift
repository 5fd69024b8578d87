internal import Foundation

/// An attack size as the user wrote it, in the units of the data.
public struct Epsilon: Sendable, Hashable {
  /// What was written, such as `8/255`.
  public let text: String
  /// The number meant; finite, at least 0.
  public let value: Double

  /// The size as attacks take it.
  public var radius: Float { Float(value) }

  /// Reads a decimal number or a fraction of two, such as `0.1`, `1e-2` or `8/255`.
  ///
  /// - Throws: ``EvaluationError/epsilon(text:problem:)`` for anything that is no finite number of
  ///   at least 0 and within single precision.
  public init(_ text: String) throws(EvaluationError) {
    let text = text.trimmingCharacters(in: .whitespaces)
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else {
      throw .epsilon(text: text, problem: "is neither a number nor a fraction such as 8/255")
    }
    let numbers = parts.compactMap { Double($0) }
    guard numbers.count == parts.count, !text.isEmpty else {
      throw .epsilon(text: text, problem: "is neither a number nor a fraction such as 8/255")
    }
    if numbers.count == 2, numbers[1] == 0 {
      throw .epsilon(text: text, problem: "divides by zero")
    }
    let value = numbers.count == 2 ? numbers[0] / numbers[1] : numbers[0]
    guard value.isFinite, Float(value).isFinite else {
      throw .epsilon(text: text, problem: "is not finite")
    }
    guard value >= 0 else { throw .epsilon(text: text, problem: "is negative") }
    self.text = text
    self.value = value == 0 ? 0 : value
  }

  /// The number in at most six significant digits, for names of files: `0.031373`.
  public var name: String { String(format: "%.6g", value) }
}
