internal import NeuralNetworks
internal import Privacy
public import Robustness

/// Theorem 3 of Phan et al. 2019 with the sensitivity of a single feature map, as their text has
/// it.
///
/// It does not hold: all maps are released together, and their squared changes add up. With C equal
/// maps the claim is `sqrt(C)` times what the theorem gives.
public struct PublishedPerFeatureMapCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "as-published:per-feature-map",
    summary: "The heterogeneous Gaussian mechanism with the sensitivity of one feature map alone: "
      + "does not hold for several.",
    reference:
      "Phan et al., Heterogeneous Gaussian Mechanism: Preserving Differential Privacy in Deep "
      + "Learning with Provable Robustness, 2019, section on verified testing",
    families: [.gaussian], isSound: false,
    parameters: ["delta": "fixes delta; the best one is searched otherwise"])

  /// In (0, 1).
  public var delta: Double?

  public init() {}

  public func validate() throws(CertifierError) { try checkDelta(delta) }

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    guard evidence.releases.contains(where: { $0.mapSensitivity != nil }) else {
      throw .notCovered(
        problem: "needs the sensitivity of one feature map, and no noise is behind a convolution")
    }
    let ratio =
      evidence.isDecided
      ? BudgetSearch.best(
        evidence.bounds, delta: delta, ratio: Mechanism.extended.unitRatio(epsilon:logDelta:))
      : nil
    return try evidence.radius(.gaussian, ratio: ratio, sensitivity: { $0.mapSensitivity })
  }
}
