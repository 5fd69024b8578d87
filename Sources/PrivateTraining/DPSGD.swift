public import NeuralNetworks

/// Differentially private stochastic gradient descent, with everything its guarantee depends on.
///
/// Step: every example takes part with probability q, independently; the gradient of each, over all
/// parameters, is clipped to norm C; `(sum + normal(0, sigma^2 C^2)) / m` with the expected batch
/// size m is what the optimizer gets. M. Abadi et al., "Deep Learning with Differential Privacy",
/// 2016, Algorithm 1. Each step is a Gaussian mechanism with noise multiplier sigma on a Poisson
/// sample of rate q, for data sets that differ by one example added or removed.
public struct DPSGD: Sendable, Equatable, Codable {
  /// Where sampling and noise come from.
  public enum Randomness: String, Sendable, Codable, CaseIterable {
    /// A key that the operating system draws for each process and nobody sees, AES-256 in counter
    /// mode from there: what the guarantee asks for. No two runs are alike.
    case secure
    /// Philox keyed by the run's seed: the same seed gives the same weights, to the bit. Whoever
    /// knows or guesses the seed can take the noise away, so there is no guarantee against them.
    case seeded
  }

  /// q: the probability with which an example takes part in a step; in (0, 1].
  public var samplingRate: Double
  /// m: what the noisy sum is divided by, whatever the sample's size; a public number.
  public var expectedBatchSize: Int
  /// How each example's gradient is clipped; where the norm adapts, at first.
  public var clipping: GradientClipping
  /// How the clipping norm follows the gradients, or nil: it stays.
  public var adaptation: ClippingAdaptation?
  /// sigma: the noise multiplier that is accounted for; at least 0 (no noise, no privacy).
  public var noiseMultiplier: Double
  public var randomness: Randomness

  public init(
    samplingRate: Double, expectedBatchSize: Int, clipping: GradientClipping,
    adaptation: ClippingAdaptation? = nil, noiseMultiplier: Double, randomness: Randomness = .secure
  ) {
    self.samplingRate = samplingRate
    self.expectedBatchSize = expectedBatchSize
    self.clipping = clipping
    self.adaptation = adaptation
    self.noiseMultiplier = noiseMultiplier
    self.randomness = randomness
  }

  /// - Throws: ``PrivateTrainingError/parameter(name:problem:)`` for the first number out of range.
  public func validate() throws(PrivateTrainingError) {
    func check(
      _ holds: Bool, _ name: String, _ problem: String
    ) throws(PrivateTrainingError) {
      if !holds { throw .parameter(name: name, problem: problem) }
    }
    try check(
      samplingRate > 0 && samplingRate <= 1, "sampling rate",
      "must be in (0, 1], not \(samplingRate)")
    try check(
      expectedBatchSize > 0, "expected batch size", "must be at least 1, not \(expectedBatchSize)")
    try check(
      clipping.norm > 0 && clipping.norm.isFinite, "clipping norm",
      "must be positive and finite, not \(clipping.norm)")
    try check(
      noiseMultiplier >= 0 && noiseMultiplier.isFinite, "noise multiplier",
      "must be at least 0 and finite, not \(noiseMultiplier)")
    guard let adaptation else { return }
    try check(
      adaptation.quantile > 0 && adaptation.quantile < 1, "quantile",
      "must be in (0, 1), not \(adaptation.quantile)")
    try check(
      adaptation.rate > 0 && adaptation.rate.isFinite, "rate of adaptation",
      "must be positive and finite, not \(adaptation.rate)")
    try check(
      2 * adaptation.countNoise > noiseMultiplier && adaptation.countNoise.isFinite,
      "noise of the count",
      "must be finite and more than half the noise multiplier, not \(adaptation.countNoise)")
    try check(
      clipping.scope == .joint, "adaptation", "is for clipping the joint norm, not each layer's")
  }

  /// Every parameter, in one line.
  public var summary: String {
    var text =
      "sampling rate \(samplingRate), expected batch \(expectedBatchSize), "
      + "\(clipping.scope.rawValue) clipping to \(clipping.norm), noise multiplier "
      + "\(noiseMultiplier), \(randomness.rawValue) randomness"
    if let adaptation {
      text +=
        ", norm to quantile \(adaptation.quantile) at rate \(adaptation.rate) with count noise "
        + "\(adaptation.countNoise)"
    }
    return text
  }

  /// The noise multiplier of the gradients' sum: `noiseMultiplier`, or a little more where the
  /// count of unclipped gradients is released beside it; see ``ClippingAdaptation``.
  public var gradientNoiseMultiplier: Double {
    guard let adaptation, noiseMultiplier > 0 else { return noiseMultiplier }
    let rest =
      1 / (noiseMultiplier * noiseMultiplier)
      - 1 / (4 * adaptation.countNoise * adaptation.countNoise)
    return 1 / rest.squareRoot()
  }
}

/// A clipping norm that follows a quantile of the gradients' norms.
///
/// `C <- C exp(-rate (b - quantile))` where b is the share of gradients no longer than C, computed
/// from a noisy count. G. Andrew et al., "Differentially Private Learning with Adaptive Clipping",
/// 2021. Each example counts as +1/2 or -1/2, so the count has sensitivity 1/2 and noise
/// multiplier `2 countNoise`; together with the sum's z' it is one Gaussian mechanism with
/// `1 / z^2 = 1 / z'^2 + 1 / (2 countNoise)^2` (their Theorem 1), and z is what is accounted for.
public struct ClippingAdaptation: Sendable, Equatable, Codable {
  /// The share of gradients that is to stay unclipped; in (0, 1).
  public var quantile: Double
  /// How fast the norm moves in a step, in units of its logarithm; more than 0.
  public var rate: Double
  /// The standard deviation of the count's noise, in examples.
  public var countNoise: Double

  public init(quantile: Double = 0.5, rate: Double = 0.2, countNoise: Double) {
    self.quantile = quantile
    self.rate = rate
    self.countNoise = countNoise
  }
}
