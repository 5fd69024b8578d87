/// Ranges of parameters, with their words for messages.
package enum ParameterRange: String, Sendable {
  case positive = "a positive finite number"
  case nonNegative = "a finite number of at least 0"
  case fraction = "a number in (0, 1)"

  package func contains(_ value: Double) -> Bool {
    switch self {
    case .positive: value > 0 && value.isFinite
    case .nonNegative: value >= 0 && value.isFinite
    case .fraction: value > 0 && value < 1
    }
  }
}

/// - Throws: ``PrivacyError`` naming the parameter.
package func check(
  _ value: Double, _ name: String, in range: ParameterRange
) throws(PrivacyError) {
  guard range.contains(value) else {
    throw .parameter(name: name, value: value, expected: range.rawValue)
  }
}
