/// What an attack on one example is after. It owns the sign of the loss.
public enum Criterion: Sendable, Hashable, Codable {
  /// Any class but this one.
  case untargeted(label: Int)
  /// This class.
  case targeted(Int)

  /// The class that the loss speaks of.
  public var label: Int {
    switch self {
    case .untargeted(let label), .targeted(let label): label
    }
  }

  /// True where `prediction` is what the attack is after; nothing (NaN logits) never is.
  public func isMet(by prediction: Int?) -> Bool {
    guard let prediction else { return false }
    switch self {
    case .untargeted(let label): return prediction != label
    case .targeted(let target): return prediction == target
    }
  }
}
