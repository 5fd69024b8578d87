public import Evaluation
internal import Foundation

extension PrivacyRecord {
  /// In one line: what is claimed, and what the accountants found.
  public var text: String {
    let claim = epsilon.map { "epsilon \(short($0)) at delta \(short(delta))" }
    var text = method + ", "
    text += claim.map { (isPublished ? "claims as published " : "") + $0 } ?? "no finite epsilon"
    let found = audits.map { "\(epsilonText($0.epsilon, short)) by \($0.accountant)" }
    if !found.isEmpty { text += "; audited: " + found.joined(separator: ", ") }
    if epsilon != nil, let first = violations.first { text += "; UNSOUND: " + first }
    return text
  }

  /// The statement as JSON text, fields in alphabetical order, ending with a line feed.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// An epsilon as text, nil as `infinite`.
  func epsilonText(_ epsilon: Double?, _ format: (Double) -> String = { "\($0)" }) -> String {
    epsilon.map(format) ?? "infinite"
  }
}
