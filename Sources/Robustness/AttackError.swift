/// What is wrong with an attack that was asked for.
public enum AttackError: Error, Equatable, CustomStringConvertible {
  /// A parameter's value.
  case parameter(attack: String, name: String, problem: String)
  /// A parameter that the attack does not have.
  case unknownParameter(attack: String, name: String, known: [String])
  /// An attack that is not in the list.
  case unknownAttack(name: String, known: [String])
  /// Text that is not `NAME:key=value,key=value`.
  case syntax(text: String, problem: String)

  public var description: String {
    switch self {
    case .parameter(let attack, let name, let problem):
      "attack '\(attack)': parameter '\(name)' \(problem)"
    case .unknownParameter(let attack, let name, let known):
      "attack '\(attack)': there is no parameter '\(name)'; "
        + (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))")
    case .unknownAttack(let name, let known):
      "there is no attack '\(name)'; there are \(known.joined(separator: ", "))"
    case .syntax(let text, let problem):
      "attack '\(text)': \(problem), expected NAME or NAME:key=value,key=value"
    }
  }
}

extension Attack {
  /// For `validate()`: checks that a parameter is within a range; NaN is in none.
  /// - Throws: ``AttackError`` naming the parameter, the range and the value.
  public static func check<Value: Comparable>(
    _ value: Value, _ name: String, in range: ClosedRange<Value>
  ) throws(AttackError) {
    if !range.contains(value) {
      throw .parameter(
        attack: information.name, name: name,
        problem: "is to be in \(range.lowerBound)...\(range.upperBound), not \(value)")
    }
  }

  /// For `validate()`: the ranges of what attacks by ``IteratedAscent`` have in common.
  public static func checkAscent(
    steps: Int, stepSize: Float?, relativeStep: Double?, restarts: Int
  ) throws(AttackError) {
    try check(steps, "steps", in: 1...1_000_000)
    try check(restarts, "restarts", in: 1...10_000)
    if let stepSize { try check(stepSize, "stepSize", in: 0...Float.greatestFiniteMagnitude) }
    if let relativeStep { try check(relativeStep, "relativeStep", in: 0...1000) }
    if stepSize != nil && relativeStep != nil {
      throw .parameter(
        attack: information.name, name: "relativeStep", problem: "excludes 'stepSize'")
    }
  }
}
