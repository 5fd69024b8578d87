internal import NeuralNetworks
internal import Privacy

#if canImport(Glibc)
  internal import Glibc
#endif

/// Noise that is shaped to disturb the cost least: less where a parameter matters more.
///
/// L. Xiang, J. Yang, B. Li, "Differentially-Private Deep Learning from an Optimization
/// Perspective", 2019; the weight w_i of a parameter is how much the cost depends on it.
///
/// | | `published` | `sound` |
/// |---|---|---|
/// | gradient | the batch's mean, clipped | Poisson samples, each example's clipped |
/// | noise | Gaussian of deviation `(2 lambda D_i^2 / w_i)^(1/3)`, D along the gradient | product of Laplace distributions, `b_i` as ``ProductLaplace`` |
/// | w | the private gradient itself | one number a tensor, from the noisy gradients before |
/// | epsilon | claimed, by advanced composition; in truth infinite | pure for each step, composed exactly |
///
/// Noise shaped by the private gradient shows it: a coordinate whose gradient is zero gets none.
/// Under a bound on the Euclidean norm the best Gaussian noise is even; only other families gain by
/// their shape. A product of Laplace distributions pays for every parameter, so this is for small
/// networks.
public struct OptimizedNoiseTraining: TrainingSystem {
  public static let information = TrainingSystemInformation(
    name: "optimized-noise", summary: "noise of the shape that disturbs the cost least",
    reference:
      "L. Xiang, J. Yang, B. Li, Differentially-Private Deep Learning from an Optimization "
      + "Perspective, 2019",
    options: [.budget],
    parameters: [
      "form": "sound or published", "clip": "the norm of a gradient",
      "weighted": "sound: false for the same noise on every parameter",
    ])

  public var form = SystemForm.sound
  public var clip = 1.0
  public var weighted = true

  public init() {}

  public func validate() throws(PrivateTrainingError) {
    guard clip > 0 && clip.isFinite else {
      throw .parameter(name: "clip", problem: "must be positive and finite, not \(clip)")
    }
  }

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    let epsilon = try setting.budget()
    let delta = setting.privacy.target.delta
    let (count, batch) = (setting.data.count, setting.configuration.batchSize)
    let rate = Double(batch) / Double(count)
    return form == .sound
      ? try sound(setting, epsilon, delta, rate) : try published(setting, epsilon, delta, rate)
  }

  private func sound(
    _ setting: TrainingSetting, _ epsilon: Double, _ delta: Double, _ rate: Double
  ) throws -> TrainingPlan {
    // A step of (ln(1 + q (e^step - 1)), 0): amplification by Poisson sampling.
    func sampled(_ step: Double) -> Double { log1p(rate * expm1(step)) }
    let steps = setting.steps
    let multiplier = try NoiseCalibrator.noiseMultiplier(epsilon: epsilon) {
      (multiplier) throws(PrivacyError) in
      let event = PrivacyEvent.selfComposed(.pure(epsilon: sampled(1 / multiplier)), count: steps)
      return min(
        try PLDAccountant().epsilon(of: event, delta: delta), event.pureEpsilon ?? .infinity)
    }
    let method = try ProductLaplaceDescent(
      for: setting.network, count: setting.data.count, rate: rate,
      expectedBatchSize: setting.configuration.batchSize, clip: clip, epsilon: 1 / multiplier,
      weighted: weighted, randomness: setting.privacy.randomness ?? .secure,
      seed: setting.configuration.seed, threads: setting.threads)
    let cost = sampled(1 / multiplier)
    return TrainingPlan(
      network: setting.network, method: method,
      account: PrivacyAccount(
        assumptions: PrivacyAccount.samplingAssumptions(
          rate: rate, setting.privacy.randomness ?? .secure) + [
            "each step's noise is (\(1 / multiplier), 0)-private for gradients of norm \(clip)"
          ]
      ) { .selfComposed(.pure(epsilon: cost), count: $0) })
  }

  private func published(
    _ setting: TrainingSetting, _ epsilon: Double, _ delta: Double, _ rate: Double
  ) throws -> TrainingPlan {
    let steps = Double(setting.steps)
    // Advanced composition and amplification by sampling, as printed.
    let stepEpsilon =
      epsilon / (2 * rate * (steps * log(exp(1) + epsilon / delta)).squareRoot())
    let tau = try MomentGaussian(
      epsilon: stepEpsilon, delta: delta / (2 * steps * rate)
    ).tau
    let method = ShapedGaussianDescent(
      setting.descend(), for: setting.network, clip: clip,
      sensitivity: clip / Double(setting.configuration.batchSize), tau: tau,
      seed: setting.configuration.seed)
    return TrainingPlan(
      network: setting.network, method: method,
      account: PrivacyAccount(
        published: .init(epsilon: epsilon, delta: delta),
        violations: [
          "the noise is shaped by the private gradient: where that is zero there is none, so one "
            + "example can be told for certain",
          "the noise covers a difference along the gradient only",
          "the mean gradient is clipped, not each example's: one example can turn it around",
        ]
      ) { _ in .nonPrivate })
  }
}
