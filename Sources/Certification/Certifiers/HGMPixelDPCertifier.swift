internal import NeuralNetworks
internal import Privacy
public import Robustness

/// PixelDP with the extended (heterogeneous) Gaussian mechanism: the scale of its Theorem 3 for the
/// attack's budget, divided out once.
public struct HGMPixelDPCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "hgm-pixeldp",
    summary:
      "PixelDP's condition with the scale of the heterogeneous Gaussian mechanism, for every "
      + "epsilon.",
    reference:
      "Phan et al., Heterogeneous Gaussian Mechanism: Preserving Differential Privacy in Deep "
      + "Learning with Provable Robustness, 2019, Theorem 3",
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
        evidence.bounds, delta: delta, ratio: Mechanism.extended.unitRatio(epsilon:logDelta:))
      : nil
    return try evidence.radius(.gaussian, ratio: ratio.map { SafeRounding.down($0) })
  }
}
