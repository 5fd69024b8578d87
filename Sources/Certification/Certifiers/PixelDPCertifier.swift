internal import Foundation
internal import NeuralNetworks
internal import Privacy
public import Robustness

/// PixelDP as Lecuyer et al. have it: the classic Gaussian mechanism, with an epsilon of at most 1,
/// or Laplace noise.
public struct PixelDPCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "pixeldp",
    summary: "PixelDP with the classic Gaussian mechanism (epsilon at most 1) or Laplace noise.",
    reference:
      "Lecuyer et al., Certified Robustness to Adversarial Examples with Differential Privacy, "
      + "2019, Proposition 1",
    families: [.gaussian, .laplace],
    parameters: [
      "delta": "fixes delta for Gaussian noise; the best one is searched otherwise"
    ])

  /// In (0, 1).
  public var delta: Double?

  public init() {}

  public func validate() throws(CertifierError) { try checkDelta(delta) }

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    var radii: [Double?] = []
    if evidence.releases.contains(where: { $0.family == .gaussian }) {
      // The classic scale is proved below 1, and at 1 by continuity.
      let ratio =
        evidence.isDecided
        ? BudgetSearch.best(evidence.bounds, delta: delta) {
          Mechanism.classic.unitRatio(epsilon: min($0, 1), logDelta: $1)
        } : nil
      radii.append(try evidence.radius(.gaussian, ratio: ratio.map { SafeRounding.down($0) }))
    }
    if evidence.releases.contains(where: { $0.family == .laplace }) {
      radii.append(
        try evidence.radius(
          .laplace, ratio: evidence.isDecided ? Self.laplaceRatio(evidence.bounds) : nil))
    }
    return radii.compactMap { $0 }.max()
  }

  /// `ln(lower / upper) / 2`, rounded down: the radius of Laplace noise for a scale and an l1
  /// sensitivity of 1. An upper bound of 0 says that no shift matters.
  static func laplaceRatio(_ bounds: ClassBounds) -> Double {
    guard bounds.upper > 0 else { return .infinity }
    // lower / upper = 1 + (lower - upper) / upper, in which nothing is lost.
    return SafeRounding.down(log1p((bounds.lower - bounds.upper) / bounds.upper) / 2)
  }
}
