internal import NeuralNetworks
internal import Privacy
public import Robustness

/// The robustness bound of Phan et al. 2019 as it is printed, which divides by epsilon twice and so
/// claims epsilon times what their Theorem 3 gives.
///
/// It does not hold: for a linear classifier in one dimension with noise of standard deviation 1
/// and bounds 0.9999 and 0.0001 it claims a radius above 4, where a shift of 3.72 changes the
/// prediction.
public struct PublishedHGMPixelDPCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "as-published:hgm-pixeldp",
    summary: "The heterogeneous Gaussian mechanism's bound as printed: does not hold where epsilon "
      + "is above 1.",
    reference:
      "Phan et al., Heterogeneous Gaussian Mechanism: Preserving Differential Privacy in Deep "
      + "Learning with Provable Robustness, 2019, Equation 10",
    families: [.gaussian], isSound: false,
    parameters: ["delta": "fixes delta; the best one is searched otherwise"])

  /// In (0, 1).
  public var delta: Double?

  public init() {}

  public func validate() throws(CertifierError) { try checkDelta(delta) }

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    let ratio =
      evidence.isDecided
      ? BudgetSearch.best(evidence.bounds, delta: delta) {
        $0 * Mechanism.extended.unitRatio(epsilon: $0, logDelta: $1)
      } : nil
    return try evidence.radius(.gaussian, ratio: ratio)
  }
}
