internal import NeuralNetworks
public import Privacy

/// What somebody asks of private training; what is nil has a default or is not asked.
public struct PrivacyRequest: Sendable, Equatable {
  /// How gradients are limited.
  public enum Clipping: String, Sendable, CaseIterable {
    case joint
    case perLayer = "per-layer"
    /// The joint norm, which follows the median.
    case adaptive
  }

  public static let defaultDelta = 1e-5

  /// sigma.
  public var noiseMultiplier: Double?
  /// In place of the multiplier: what all steps together may cost.
  public var targetEpsilon: Double?
  public var delta: Double?
  /// The norm of one example's gradient.
  public var clip: Double?
  public var clipping: Clipping?
  public var randomness: DPSGD.Randomness?
  /// Examples whose gradients are held at a time; nil: ``ClippedGradient/chunk(for:)``.
  public var microBatch: Int?

  public init(
    noiseMultiplier: Double? = nil, targetEpsilon: Double? = nil, delta: Double? = nil,
    clip: Double? = nil, clipping: Clipping? = nil, randomness: DPSGD.Randomness? = nil,
    microBatch: Int? = nil
  ) {
    self.noiseMultiplier = noiseMultiplier
    self.targetEpsilon = targetEpsilon
    self.delta = delta
    self.clip = clip
    self.clipping = clipping
    self.randomness = randomness
    self.microBatch = microBatch
  }

  /// What is claimed if it holds.
  public var target: PrivacyStatement.Claim {
    .init(epsilon: targetEpsilon, delta: delta ?? Self.defaultDelta)
  }

  /// Descent with clipped gradients and Gaussian noise.
  ///
  /// - Parameter beside: what else is released, which the target epsilon pays for too.
  /// - Throws: ``PrivateTrainingError``, `PrivacyError` where no noise reaches the target.
  public func descent(
    _ setting: TrainingSetting, beside: PrivacyEvent? = nil
  ) throws -> DPSGD {
    try setting.checkPrivate()
    let (count, batch) = (setting.data.count, setting.configuration.batchSize)
    let rate = Double(batch) / Double(count)
    let sigma: Double
    switch (noiseMultiplier, targetEpsilon) {
    case (let multiplier?, nil): sigma = multiplier
    case (nil, let epsilon?):
      sigma = try DPSGD.noiseMultiplier(
        epsilon: epsilon, delta: target.delta, samplingRate: rate, steps: setting.steps,
        beside: beside)
    default:
      throw PrivateTrainingError.parameter(
        name: "noise",
        problem: "needs either a noise multiplier or a target epsilon (--noise-multiplier, "
          + "--target-epsilon)")
    }
    let clipping = clipping ?? .joint
    let method = DPSGD(
      samplingRate: rate, expectedBatchSize: batch,
      clipping: GradientClipping(
        norm: clip ?? 1, scope: clipping == .perLayer ? .perLayer : .joint),
      adaptation: clipping == .adaptive
        ? ClippingAdaptation(countNoise: max(Double(batch) / 20, sigma)) : nil,
      noiseMultiplier: sigma, randomness: randomness ?? .secure)
    try method.validate()
    return method
  }
}

extension TrainingSetting {
  /// What every private method asks for.
  /// - Throws: ``PrivateTrainingError/parameter(name:problem:)``.
  func checkPrivate() throws(PrivateTrainingError) {
    let (count, batch, delta) = (data.count, configuration.batchSize, privacy.target.delta)
    guard batch <= count else {
      throw .parameter(
        name: "batch size", problem: "\(batch) is more than the \(count) examples")
    }
    guard delta > 0 && delta < 1 else {
      throw .parameter(name: "delta", problem: "must be in (0, 1), not \(delta)")
    }
  }

  /// The epsilon that a system of pure differential privacy, or a published formula, is given.
  /// - Throws: ``PrivateTrainingError/parameter(name:problem:)`` without one.
  func budget() throws(PrivateTrainingError) -> Double {
    try checkPrivate()
    guard privacy.noiseMultiplier == nil else {
      throw .parameter(name: "noise multiplier", problem: "is none of this method's")
    }
    guard let epsilon = privacy.targetEpsilon else {
      throw .parameter(name: "target epsilon", problem: "is missing")
    }
    guard epsilon > 0, epsilon.isFinite else {
      throw .parameter(
        name: "target epsilon", problem: "must be positive and finite, not \(epsilon)")
    }
    return epsilon
  }

  /// ``PrivateDescent`` for this setting, or what an audit puts in its place.
  func descend(by method: DPSGD) throws -> any TrainingMethod {
    if let makeDescent { return try makeDescent(method, self) }
    return try PrivateDescent(
      method, for: network, count: data.count, seed: configuration.seed,
      chunk: privacy.microBatch, threads: threads)
  }

  /// Plain descent for this setting.
  func descend() -> EpochDescent {
    EpochDescent(
      for: network, count: data.count, configuration: configuration, threads: threads)
  }
}
