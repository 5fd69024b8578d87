/// What was done with private data, as a tree: the input of the accountants.
///
/// Sensitivities are divided out: a noise multiplier is the scale of the noise over the sensitivity
/// of what it is added to, for one record added or removed.
public indirect enum PrivacyEvent: Sendable, Codable, Equatable {
  /// Gaussian noise; the multiplier is the standard deviation over the l2 sensitivity.
  case gaussian(noiseMultiplier: Double)
  /// Laplace noise; the multiplier is `b` over the l1 sensitivity.
  case laplace(noiseMultiplier: Double)
  /// Anything that is `epsilon`-differentially private, with delta 0, for the neighbours that the
  /// accountant compares. Randomised response with that epsilon dominates it (P. Kairouz, S. Oh,
  /// P. Viswanath, "The Composition Theorem for Differential Privacy", 2015).
  case pure(epsilon: Double)
  /// Gaussian noise on a sum over a Poisson sample: each record is in it with probability `rate`,
  /// independently of all others.
  case poissonSampledGaussian(rate: Double, noiseMultiplier: Double)
  /// The same event `count` times, each of which may depend on the results of those before.
  case selfComposed(PrivacyEvent, count: Int)
  /// One after the other.
  case composed([PrivacyEvent])
  /// Something that gives no privacy.
  case nonPrivate

  /// - Throws: ``PrivacyError`` naming the first parameter outside of its range.
  public func validate() throws(PrivacyError) {
    switch self {
    case .gaussian(let multiplier), .laplace(let multiplier):
      try check(multiplier, "noise multiplier", in: .positive)
    case .pure(let epsilon): try check(epsilon, "epsilon", in: .positive)
    case .poissonSampledGaussian(let rate, let multiplier):
      guard rate >= 0 && rate <= 1 else {
        throw .parameter(name: "sampling rate", value: rate, expected: "a number in [0, 1]")
      }
      try check(multiplier, "noise multiplier", in: .positive)
    case .selfComposed(let event, let count):
      guard count >= 0 else {
        throw .parameter(name: "count", value: Double(count), expected: "at least 0")
      }
      try event.validate()
    case .composed(let events):
      for event in events { try event.validate() }
    case .nonPrivate: break
    }
  }

  /// The sum of the epsilons where everything is ``pure(epsilon:)``: the guarantee with delta 0.
  public var pureEpsilon: Double? {
    var sum = 0.0
    for leaf in leaves {
      guard case .pure(let epsilon) = leaf.event else { return nil }
      sum += Double(leaf.count) * epsilon
    }
    return sum
  }

  /// The events without compositions, and how often each occurs; without those that never do.
  package var leaves: [(event: PrivacyEvent, count: Int)] {
    switch self {
    case .selfComposed(let event, let count):
      return count == 0 ? [] : event.leaves.map { ($0.event, $0.count * count) }
    case .composed(let events):
      return events.reduce(into: []) { leaves, event in
        for leaf in event.leaves {
          if let index = leaves.firstIndex(where: { $0.event == leaf.event }) {
            leaves[index].count += leaf.count
          } else {
            leaves.append(leaf)
          }
        }
      }
    case .poissonSampledGaussian(0, _): return []
    case .poissonSampledGaussian(1, let multiplier):
      return [(.gaussian(noiseMultiplier: multiplier), 1)]
    default: return [(self, 1)]
    }
  }
}

/// Which data sets an accountant's guarantee compares.
public enum NeighbouringRelation: String, Sendable, Codable, CaseIterable {
  /// One record more or less.
  case addOrRemoveOne = "add-or-remove-one"
  /// One record in the place of another.
  case replaceOne = "replace-one"
}
