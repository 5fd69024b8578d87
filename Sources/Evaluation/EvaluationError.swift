/// Why an evaluation cannot be run, or stopped.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
  /// A size that is no size.
  case epsilon(text: String, problem: String)
  /// A plan that makes no sense for this model and data.
  case plan(problem: String)
  /// An example whose label the model has no class for.
  case label(example: Int, label: Int, classes: Int)
  /// A pixel that is not within the range of the data, or is NaN.
  case value(example: Int, value: Float, bounds: ClosedRange<Float>)
  /// An attack that cannot do what the plan asks.
  case attack(name: String, problem: String)
  /// An attack that did not keep to the contract.
  case proposal(attack: String, problem: String)
  /// Images that the model cannot take.
  case mismatch(problem: String)
  /// The run was asked to stop; the outcomes of the first `done` of `total` examples were
  /// delivered.
  case interrupted(done: Int, total: Int, first: Int)

  public var description: String {
    switch self {
    case .epsilon(let text, let problem): "epsilon '\(text)' \(problem)"
    case .plan(let problem): problem
    case .label(let example, let label, let classes):
      "example \(example): label \(label) does not exist, the model has classes 0 to \(classes - 1)"
    case .value(let example, let value, let bounds):
      "example \(example): the value \(value) is outside of the range "
        + "\(bounds.lowerBound) to \(bounds.upperBound)"
    case .attack(let name, let problem), .proposal(let name, let problem):
      "attack '\(name)' \(problem)"
    case .mismatch(let problem): problem
    case .interrupted(let done, let total, let first):
      done == 0
        ? "interrupted after 0 of \(total) examples"
        : "interrupted after \(done) of \(total) examples; "
          + "records complete up to index \(first + done - 1)"
    }
  }
}
