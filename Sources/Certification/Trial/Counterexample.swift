public import NeuralNetworks
public import Robustness
public import Tensors

/// A noisy classifier whose probabilities are known exactly, with an image whose prediction changes
/// within the radius that some printed formula claims for it.
public struct Counterexample: Sendable {
  /// Lower case and hyphens.
  public var name: String
  /// What the classifier is and what goes wrong, in one sentence.
  public var summary: String
  /// Whose formula it is about.
  public var reference: String
  /// The certifier it refutes, by name.
  public var refutes: String
  /// With its noise.
  public var network: Network
  /// `[1, inputShape...]`.
  public var image: Tensor
  /// The likeliest class there.
  public var label: Int
  /// Exact, up to roundings to the safe side.
  public var bounds: ClassBounds
  public var norm: Norm
  /// The distance of the nearest point with another prediction, exact.
  public var flip: Double
  /// What the scale of the noise is calibrated to, where a formula asks for it.
  public var calibration: NoiseCalibration?
  /// The attack size that is asked about, where a formula asks for it.
  public var attackSize: Double?

  /// What a certifier is given: the exact probabilities, and the sensitivities of the network.
  public func evidence() throws(CertificationError) -> Evidence {
    var calibrations: [String: NoiseCalibration] = [:]
    for placed in network.noises { calibrations[placed.node] = calibration }
    return Evidence(
      bounds: bounds,
      releases: try network.noiseReleases(in: norm, calibrations: calibrations), norm: norm,
      attackSize: attackSize)
  }

  /// How hard to look: at every rival, with an error that leaves no doubt.
  public static var options: TrialOptions {
    var options = TrialOptions()
    options.rivals = 1 << 20
    options.selectionDraws = 2000
    options.judgementDraws = 100_000
    options.alpha = 1e-6
    return options
  }

  /// Tries what the certifiers of a list say of it.
  ///
  /// - Parameter certifiers: those that are not about its noise are passed over, as are those that
  ///   abstain.
  /// - Throws: ``CertificationError``, `NetworkError`, `CancellationError`.
  public func trial(
    of certifiers: [any Certifier], options: TrialOptions = Counterexample.options,
    seed: UInt64 = 0, isCancelled: @escaping () -> Bool = { false }
  ) throws -> [Outcome] {
    let evidence = try evidence()
    let claims = certifiers.compactMap { certifier -> (any Certifier, Double)? in
      // An error says that the theorem is not about this noise.
      guard let radius = (try? certifier.radius(evidence)).flatMap({ $0 }) else { return nil }
      return (certifier, radius)
    }
    let classifier = try SmoothedClassifier(network, bounds: -100...100)
    let trial = try CertificateTrial(
      classifier.session(isCancelled: isCancelled), options: options, seed: seed)
    let findings = try trial.examine(
      image, example: 0, norm: norm, claims: claims.map { Claim(label: label, radius: $0.1) })
    return zip(claims, findings).map { claim, finding in
      let information = type(of: claim.0).information
      return Outcome(
        certifier: information.name, isSound: information.isSound, radius: claim.1, flip: flip,
        finding: finding)
    }
  }

  /// What became of one certifier's claim.
  public struct Outcome: Sendable, Codable, Equatable {
    public var certifier: String
    public var isSound: Bool
    /// What it claimed, and the distance at which the prediction changes.
    public var radius: Double, flip: Double
    public var finding: Finding

    /// True where the claim exceeds the exact distance.
    public var claimsTooMuch: Bool { radius > flip }
  }
}
