/// Why a mechanism or an accountant cannot answer.
public enum PrivacyError: Error, Equatable, CustomStringConvertible {
  /// A parameter outside of its range.
  case parameter(name: String, value: Double, expected: String)
  /// A parameter outside of what a theorem was proved for.
  case notProved(problem: String)
  /// A target that no noise, or no number of steps, reaches.
  case unreachable(problem: String)

  public var description: String {
    switch self {
    case .parameter(let name, let value, let expected):
      "\(name) is \(value), expected \(expected)"
    case .notProved(let problem), .unreachable(let problem): problem
    }
  }
}
