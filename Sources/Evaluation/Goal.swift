internal import Robustness
internal import Tensors

/// Which class an attack is told to leave: the true one, or the model's own clean prediction.
public enum LabelSource: String, Sendable, Codable, CaseIterable {
  /// The data's label. The stronger choice for examples the model already misclassifies.
  case `true`
  /// The model's prediction on the clean image, so that nothing about the label leaks.
  case predicted
}

/// Which class an attack is told to reach, if any.
public enum Targeting: Sendable, Hashable {
  /// Any other class.
  case untargeted
  /// The class after the label, cyclically.
  case next
  /// A class other than the label, drawn by the run's seed and the example's index.
  case random
  /// The class other than the label that the model holds least likely on the clean image.
  case leastLikely
  /// One class for all examples.
  case `class`(Int)

  /// The name on the command line and in results.
  public var name: String {
    switch self {
    case .untargeted: "untargeted"
    case .next: "next"
    case .random: "random"
    case .leastLikely: "least-likely"
    case .class(let index): "class:\(index)"
    }
  }

  /// The choice of that name; `class:3` and `3` both mean one class.
  public init?(name: String) {
    switch name {
    case "untargeted", "none": self = .untargeted
    case "next": self = .next
    case "random": self = .random
    case "least-likely": self = .leastLikely
    default:
      let digits = name.hasPrefix("class:") ? name.dropFirst(6) : name[...]
      guard let index = Int(digits), index >= 0 else { return nil }
      self = .class(index)
    }
  }

  /// What an attack on one example is after, given the class it is told to leave.
  ///
  /// - Parameters:
  ///   - label: in the range of `logits`.
  ///   - logits: one example's, on the clean image; at least 2 where targeted.
  func criterion(
    label: Int, logits: ArraySlice<Float>, seed: UInt64, example: Int
  ) -> Criterion {
    switch self {
    case .untargeted: return .untargeted(label: label)
    case .next: return .targeted((label + 1) % logits.count)
    case .class(let index): return .targeted(index)
    case .random:
      // 32 bits over the other classes: the bias is below classes / 2^32.
      let word = RandomKey(seed: seed, purpose: .target, example: example).bits(1)[0]
      let drawn = Int(UInt64(word) * UInt64(logits.count - 1) >> 32)
      return .targeted(drawn < label ? drawn : drawn + 1)
    case .leastLikely:
      var least: (position: Int, value: Float)?
      for (position, value) in logits.enumerated() where position != label && !value.isNaN {
        if let current = least, current.value <= value { continue }
        least = (position, value)
      }
      return .targeted(least?.position ?? (label + 1) % logits.count)
    }
  }
}

/// The logit of one class less the largest of the others; positive where the class is predicted.
///
/// NaN where a logit is; infinite where there is no other class.
func logitMargin(of label: Int, in logits: ArraySlice<Float>) -> Float {
  var other = -Float.infinity
  for (position, value) in logits.enumerated() where position != label {
    if value.isNaN { return .nan }
    other = max(other, value)
  }
  let own = logits[logits.startIndex + label]
  // Two equal infinities have no difference, and nothing but NaN says so.
  return own - other
}
