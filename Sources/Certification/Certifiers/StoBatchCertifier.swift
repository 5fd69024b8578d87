internal import NeuralNetworks
public import Robustness

/// StoBatch's certificate in the form that holds: of the noise on the input and the noise on the
/// first hidden layer, the one that certifies more.
public struct StoBatchCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "stobatch",
    summary: "Laplace noise on the input and on a hidden layer: the larger of the two radii.",
    reference:
      "Phan et al., Scalable Differential Privacy with Certified Robustness in Adversarial "
      + "Learning, 2020, with the radii of its Corollary 1 combined by their maximum",
    families: [.laplace])

  public init() {}

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    // On a single path each noise alone is a guarantee (the other is part of the function), and the
    // two add nothing: their sum has the tails of the wider one.
    try evidence.radius(
      .laplace,
      ratio: evidence.isDecided ? PixelDPCertifier.laplaceRatio(evidence.bounds) : nil)
  }
}
