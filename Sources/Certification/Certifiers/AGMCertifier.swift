internal import NeuralNetworks
internal import Privacy
public import Robustness

/// PixelDP with the analytic Gaussian mechanism in place of the classic one.
public struct AGMCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "agm",
    summary: "PixelDP's condition with the scale of the analytic Gaussian mechanism, for every "
      + "epsilon.",
    reference:
      "Lecuyer et al., Certified Robustness to Adversarial Examples with Differential Privacy, "
      + "2019, Proposition 1; Balle, Wang, Improving the Gaussian Mechanism, 2018, Algorithm 1",
    families: [.gaussian],
    parameters: ["delta": "fixes delta; the best one is searched otherwise"])

  /// In (0, 1).
  public var delta: Double?

  public init() {}

  public func validate() throws(CertifierError) { try checkDelta(delta) }

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    let ratio =
      evidence.isDecided
      ? BudgetSearch.best(
        evidence.bounds, delta: delta, ratio: Mechanism.analytic.unitRatio(epsilon:logDelta:))
      : nil
    // No sound radius is above the exact one; where both are within rounding, neither is this.
    return try evidence.radius(
      .gaussian, ratio: ratio.map { min($0, GaussianCertifier.ratio(evidence.bounds)) })
  }
}
