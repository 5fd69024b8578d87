internal import Foundation
internal import Privacy
internal import NeuralNetworks
internal import Robustness

/// What (epsilon, delta)-indistinguishability of two inputs says about a prediction, and the search
/// for the delta with which it says most.
///
/// With outputs in [0, 1] and E f(x) <= e^epsilon E f(x') + delta both ways, the top class of x
/// stays on top at x' if `lower > e^(2 epsilon) upper + (1 + e^epsilon) delta` (Lecuyer et al.,
/// "Certified Robustness to Adversarial Examples with Differential Privacy", 2019, Proposition 1).
enum BudgetSearch {
  /// The supremum of the epsilons with which the condition holds, for a delta; nil where it does
  /// not even at 0.
  ///
  /// With `e^epsilon = 1 + u` the condition is a quadratic in u; its root is written without
  /// cancellation.
  static func epsilon(_ bounds: ClassBounds, delta: Double) -> Double? {
    // Less what the differences lose to rounding.
    let gap = bounds.lower - bounds.upper - 2 * delta - 0x1p-51 * bounds.lower
    guard gap > 0 else { return nil }
    let linear = 2 * bounds.upper + delta
    let u = 2 * gap / (linear + (linear * linear + 4 * bounds.upper * gap).squareRoot())
    return SafeRounding.down(log1p(u))
  }

  /// The largest `ratio(epsilon, log delta)`, with the largest epsilon for each delta: over one
  /// given delta, or over candidates between 0 and half of the gap between the bounds.
  ///
  /// All certifiers search the same candidates, so that where one constant is better than another
  /// for each delta it is so for the best. The candidates lie close enough for a thousandth of the
  /// radius.
  static func best(
    _ bounds: ClassBounds, delta fixed: Double?, ratio: (Double, Double) -> Double
  ) -> Double? {
    // Where epsilon is capped at 1, the radius has a kink at the delta that allows just that.
    let kink = (bounds.lower - exp(2) * bounds.upper) / (1 + exp(1))
    let candidates =
      fixed.map { [$0] } ?? fractions.map { (bounds.lower - bounds.upper) / 2 * $0 } + [kink]
    return candidates.filter { $0 > 0 }.compactMap { delta in
      epsilon(bounds, delta: delta).map { ratio($0, log(delta)) }
    }.max()
  }

  /// Parts of the largest delta: closer and closer to 1, then quarter powers of two down to 1e-12.
  private static let fractions: [Double] =
    stride(from: 24.0, to: 1, by: -1).map { 1 - exp2(-$0) }
    + stride(from: 2.0, to: 160, by: 1).map { exp2(-$0 / 4) }
}

extension Evidence {
  /// The largest `scale / sensitivity` among the releases of a family, times `ratio`, rounded down:
  /// a radius. Nil where the ratio is, or where no radius above 0 is left.
  /// - Throws: `CertifierError.notCovered` where there is no release of the family.
  func radius(
    _ family: NoiseFamily, ratio: Double?,
    sensitivity: (NoiseRelease) -> Double? = { $0.sensitivity }
  ) throws(CertifierError) -> Double? {
    let releases = releases.filter { $0.family == family }
    guard !releases.isEmpty else {
      throw .notCovered(problem: "is about \(family.rawValue) noise, and there is none of it")
    }
    let spread = releases.compactMap { release in sensitivity(release).map { release.scale / $0 } }
    guard let ratio, ratio > 0, let spread = spread.max() else { return nil }
    let radius = SafeRounding.down(ratio * spread)
    return radius > 0 ? radius : nil
  }

  /// Bounds that allow a statement: the top class is above its rivals.
  var isDecided: Bool { bounds.lower > bounds.upper }
}

/// The range of a fixed delta.
func checkDelta(_ delta: Double?) throws(CertifierError) {
  guard let delta else { return }
  guard delta > 0 && delta < 1 else {
    throw .parameter(name: "delta", problem: "is to be in (0, 1), not \(delta)")
  }
}
