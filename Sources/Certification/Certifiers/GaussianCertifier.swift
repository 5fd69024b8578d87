internal import NeuralNetworks
internal import Privacy
public import Robustness

/// The exact radius of Gaussian noise: no certificate from the same bounds is larger.
public struct GaussianCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "gaussian",
    summary: "The exact radius of Gaussian noise anywhere on the path.",
    reference:
      "Cohen, Rosenfeld, Kolter, Certified Adversarial Robustness via Randomized Smoothing, 2019, "
      + "Theorem 1, for a release of bounded sensitivity",
    families: [.gaussian])

  public init() {}

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    try evidence.radius(.gaussian, ratio: evidence.isDecided ? Self.ratio(evidence.bounds) : nil)
  }

  /// `(Phi^-1(lower) - Phi^-1(upper)) / 2`, rounded down: the radius for a scale and a sensitivity
  /// of 1. Infinite bounds on either side (an upper bound of 0) say that no shift matters.
  static func ratio(_ bounds: ClassBounds) -> Double {
    let (top, rival) = (Normal.quantile(bounds.lower), Normal.quantile(bounds.upper))
    let half = (top - rival) / 2
    return half.isFinite ? max(half - (abs(top) + abs(rival)) * 0x1p-48, 0) : half
  }
}
