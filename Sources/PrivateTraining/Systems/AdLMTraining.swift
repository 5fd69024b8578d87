internal import NeuralNetworks
internal import Privacy
internal import Tensors

/// AdLM, the adaptive Laplace mechanism: more noise on input values that matter less, and a loss
/// whose coefficients are perturbed.
///
/// N. Phan, X. Wu, H. Hu, D. Dou, "Adaptive Laplace Mechanism: Differential Privacy Preservation in
/// Deep Learning", 2017, Algorithm 1; the budget goes in three equal parts to the relevances, the
/// inputs and the output layer.
///
/// | | `published` | `sound` |
/// |---|---|---|
/// | inputs | one noise image a step, added to all examples | each example's own, drawn once |
/// | its scale on value j | `2 d beta / (m epsilon_2 beta_j)` | `w d / (epsilon_2 beta_j)` |
/// | output | one noise a step on the last hidden values | Laplace noise on each label, drawn once |
/// | epsilon | claimed: the sum; in truth infinite | the sum, for one example in another's place |
///
/// Relevances are those of the network with its initial weights, where the paper has one trained
/// before, on data that nothing accounts for; noise on the first layer's biases is left out: it is
/// one offset for all examples.
///
/// Noise that all examples share cancels in their differences, so the published form hides nothing;
/// it is tested without noise, as published. In the sound form w is the width of the values' range
/// and all training is post-processing of one release.
public struct AdLMTraining: TrainingSystem {
  public static let information = TrainingSystemInformation(
    name: "adlm", summary: "Laplace noise on inputs by relevance, and on the loss's coefficients",
    reference:
      "N. Phan et al., Adaptive Laplace Mechanism: Differential Privacy Preservation in Deep "
      + "Learning, 2017, Algorithm 1",
    options: [.budget],
    parameters: [
      "form": "sound or published",
      "floor": "the smallest relevance that a value counts for, as a part of 1",
    ])

  public var form = SystemForm.sound
  public var floor = 1e-5

  public init() {}

  public func validate() throws(PrivateTrainingError) {
    guard floor > 0 && floor <= 1 else {
      throw .parameter(name: "floor", problem: "must be in (0, 1], not \(floor)")
    }
  }

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    let budget = try setting.budget() / 3
    return form == .sound ? try sound(setting, budget) : try published(setting, budget)
  }

  private func sound(_ setting: TrainingSetting, _ budget: Double) throws -> TrainingPlan {
    let network = try setting.network.clippingLastHidden(0...1)
    let (initial, data, threads, floor) = (setting.network, setting.data, setting.threads, floor)
    let width = Double(setting.bounds.upperBound) - Double(setting.bounds.lowerBound)
    let release = try LocalRelease(
      of: setting, classes: network.outputShape.elementCount,
      labelScale: 2 / budget
    ) { randomness in
      // Steps 1 and 2: relevances, released, and the budget they give each value.
      let relevance = try InputRelevance.privateMean(
        in: initial, data: data, epsilon: budget, randomness: randomness, threads: threads)
      let shares = InputRelevance.shares(relevance, floor: floor)
      // sum of width / b_j = budget.
      return shares.map { width * Double(shares.count) / (budget * $0) }
    }
    let method = FunctionalDescent(
      for: network, labels: data.labels, configuration: setting.configuration, threads: threads,
      batches: .shuffled, release: release)
    let account = PrivacyAccount(
      neighbours: .replaceOne, assumptions: LocalRelease.assumptions(setting.privacy)
    ) { _ in .selfComposed(.pure(epsilon: budget), count: 3) }
    return TrainingPlan(
      network: network, method: method, account: account,
      images: { try release.images($0.images, indices: $0.indices) })
  }

  private func published(_ setting: TrainingSetting, _ budget: Double) throws -> TrainingPlan {
    let (data, seed) = (setting.data, setting.configuration.seed)
    let batch = Double(setting.configuration.batchSize)
    let first = try FirstLayer(of: setting.network)
    let relevance = try InputRelevance.privateMean(
      in: setting.network, data: data, epsilon: budget,
      randomness: PrivateRandomness(.seeded, seed: seed), threads: setting.threads)
    let shares = InputRelevance.shares(relevance, floor: floor)
    // Step 4: 1 / |L| Lap(Delta / epsilon_j), and the clipping to +-10 of the authors' program.
    let sensitivity = 2 * Double(first.inputs * first.unitsOfOneMap)
    var network = try setting.network.inserting(
      Activation(.clip(low: -10, high: 10)), named: "bound", after: 0)
    network = try network.adding(
      Noise(
        .laplace, scale: Float(sensitivity / (budget * batch)),
        relativeScales: Tensor(
          shape: setting.network.inputShape, values: shares.map { Float(1 / $0) }),
        sharing: .step), to: 0)
    // Step 5: hidden values in [0, 1] and Lap(Delta / epsilon_3) / |L| on them.
    network = try network.clippingLastHidden(0...1)
    let (hidden, units) = network.lastHidden
    let classes = Double(network.outputShape.elementCount)
    let outputSensitivity = classes * (Double(units) + Double(units * units) / 4)
    network = try network.adding(
      Noise(.laplace, scale: Float(outputSensitivity / (budget * batch)), sharing: .step),
      to: hidden)
    let method = FunctionalDescent(
      for: network, labels: data.labels, configuration: setting.configuration,
      threads: setting.threads, batches: .shuffled)
    let inputNoise = network.noises.first { $0.value == 0 }
    var plan = TrainingPlan(
      network: network, method: method,
      account: PrivacyAccount(
        neighbours: .replaceOne, published: .init(epsilon: 3 * budget, delta: 0),
        violations: [
          "all examples of a step get the same noise: the differences of their noisy images are "
            + "those of the images, exactly",
          "each step draws new noise, which averages out over steps that nothing counts",
        ]
      ) { _ in .nonPrivate },
      finish: { try $0.withoutNoise() })
    plan.shows = inputNoise.map { placed in
      { step in
        var images = step.images
        let adder = NoiseAdder(placed.noise, size: images.rowSize)
        for position in step.labels.indices {
          let key = placed.noise.trainingKey(seed: seed, step: step.number, example: position)
          images.withRow(position) { row in
            guard let base = row.baseAddress else { return }
            adder.add(key, to: base, into: base)
          }
        }
        return SharedRelease(images: images)
      }
    }
    return plan
  }
}
