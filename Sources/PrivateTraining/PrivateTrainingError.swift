/// Why a private training run cannot start or go on.
public enum PrivateTrainingError: Error, Equatable, CustomStringConvertible {
  /// A parameter outside of its range.
  case parameter(name: String, problem: String)
  /// The network has no gradients of single examples; names the layer.
  case network(problem: String)

  /// A system that there is not, or parameters that it does not have.
  case system(name: String, problem: String)

  public var description: String {
    switch self {
    case .parameter(let name, let problem): "private training: \(name) \(problem)"
    case .system(let name, let problem): "method '\(name)' \(problem)"
    case .network(let problem): "private training: \(problem)"
    }
  }
}
