internal import NeuralNetworks
public import Robustness

/// Randomized smoothing: Gaussian noise on the input itself.
public struct SmoothingCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "smoothing",
    summary: "Randomized smoothing: the exact radius of Gaussian noise on the input, in l2; other "
      + "norms by their largest ratio to l2.",
    reference:
      "Cohen, Rosenfeld, Kolter, Certified Adversarial Robustness via Randomized Smoothing, 2019, "
      + "Theorem 1",
    families: [.gaussian])

  public init() {}

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    var evidence = evidence
    evidence.releases = evidence.releases.filter { $0.node == nil && $0.family == .gaussian }
    guard !evidence.releases.isEmpty else {
      throw .notCovered(problem: "is about gaussian noise on the input, and there is none")
    }
    return try GaussianCertifier().radius(evidence)
  }
}
