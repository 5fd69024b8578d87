/// Why a private training run cannot start or go on.
public enum PrivateTrainingError: Error, Equatable, CustomStringConvertible {
  /// An option outside of its range.
  case parameter(name: String, problem: String)
  /// A layer that mixes the examples of a batch, so that no gradient belongs to one of them.
  case mixesExamples(node: String, kind: String)

  public var description: String {
    switch self {
    case .parameter(let name, let problem): "\(name) \(problem)"
    case .mixesExamples(let node, let kind):
      "node '\(node)' (\(kind)) mixes the examples of a batch: it has no gradient of one example"
    }
  }
}
