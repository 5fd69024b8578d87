internal import NeuralNetworks
public import Robustness

/// StoBatch's certificate as it is printed: the radii of the noise on the input and of the noise on
/// the hidden layer are added.
///
/// It does not hold: two releases one after the other certify the larger of their radii, and the
/// budgets of two releases that are both seen add up at one radius. A counterexample with the
/// identity as its layer is among the tests.
public struct PublishedStoBatchCertifier: Certifier {
  public static let information = CertifierInformation(
    name: "as-published:stobatch",
    summary: "StoBatch's sum of the radii of two Laplace noises as printed: does not hold.",
    reference:
      "Phan et al., Scalable Differential Privacy with Certified Robustness in Adversarial "
      + "Learning, 2020, Corollary 1",
    families: [.laplace], isSound: false)

  public init() {}

  public func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    let releases = evidence.releases.filter { $0.family == .laplace }
    guard releases.count >= 2 else {
      throw .notCovered(
        problem: "is about laplace noise at two places, and there is \(releases.count)")
    }
    guard evidence.isDecided else { return nil }
    let ratio = PixelDPCertifier.laplaceRatio(evidence.bounds)
    let sum = releases.reduce(0) { $0 + ratio * $1.scale / $1.sensitivity }
    return sum > 0 ? min(sum, .greatestFiniteMagnitude) : nil
  }
}
