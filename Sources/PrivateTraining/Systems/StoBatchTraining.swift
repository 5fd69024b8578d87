internal import NeuralNetworks
internal import Privacy
internal import Tensors

/// StoBatch: noisy inputs and hidden values, an ensemble of adversarial examples of random size
/// against the network as it is, fixed disjoint batches, a loss with noisy coefficients.
///
/// N. Phan, M. T. Thai, H. Hu, R. Jin, T. Sun, D. Dou, "Scalable Differential Privacy with
/// Certified Robustness in Adversarial Learning", 2020, Algorithm 1; its lines stand in the code.
///
/// | | `published` | `sound` |
/// |---|---|---|
/// | line 1, inputs | one vector chi_1 / m for all examples | each example's own, drawn once |
/// | line 1, labels | one chi_3 / m for all steps | Laplace noise on each label, drawn once |
/// | line 3, hidden values | one vector 2 chi_2 / m for all | fresh, for certificates only |
/// | epsilon | claimed, Theorem 4; in truth infinite | `epsilon_x + epsilon_y`, replace one |
///
/// Attacks maximise the loss of the label, not of the network's own prediction at each iterate. The
/// published form draws the size of each step's attacks from (0, 1] times the size asked for.
///
/// One vector for all examples cancels in their differences, and labels follow from the sums of two
/// steps with the same chi_3: the published form hides nothing. In the sound form everything is
/// post-processing of one noisy image and label of each example, which at a small epsilon leaves
/// little to learn from.
public struct StoBatchTraining: TrainingSystem {
  public static let information = TrainingSystemInformation(
    name: "stobatch",
    summary: "noise on inputs, hidden values and labels, with an ensemble of attacks",
    reference:
      "N. Phan et al., Scalable Differential Privacy with Certified Robustness in Adversarial "
      + "Learning, 2020, Algorithm 1",
    options: [.attacks, .budget],
    parameters: [
      "form": "sound or published",
      "xi": "the weight of adversarial examples",
      "psi": "published: what inference noise is divided by",
      "labelShare": "the part of epsilon that labels get",
      "hiddenNoise": "sound: Laplace's b behind the first layer; 0 for none",
      "reconstruction": "published: the first layer learns to reconstruct its input, not the loss",
    ])

  public var form = SystemForm.sound
  public var xi = 1.0
  public var psi = 2.0
  public var labelShare = 0.5
  public var hiddenNoise = 0.0
  public var reconstruction = true

  public init() {}

  public func validate() throws(PrivateTrainingError) {
    for (name, value, isValid) in [
      ("xi", xi, xi > 0), ("psi", psi, psi > 0),
      ("labelShare", labelShare, labelShare > 0 && labelShare < 1),
      ("hiddenNoise", hiddenNoise, hiddenNoise >= 0),
    ] where !isValid || !value.isFinite {
      throw .parameter(name: name, problem: "is out of range: \(value)")
    }
  }

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    let epsilon = try setting.budget()
    // Line 3: hidden values h_pi in [-1, 1].
    var setting = setting
    setting.network = try setting.network.clippingLastHidden(-1...1)
    return form == .sound ? try sound(setting, epsilon) : try published(setting, epsilon)
  }

  /// Lines 6 to 11: the second half of a step's images made adversarial, after `hide` has put noise
  /// on all of them.
  private func images(
    _ adversary: Adversary, _ method: FunctionalDescent,
    hide: @escaping (inout Trainer.Step) throws -> Void
  ) -> (Trainer.Step) throws -> Tensor {
    return { step in
      var step = step
      try hide(&step)
      let benign = method.benignCount(step: step.number)
      // Noisy images know no bounds.
      return try adversary.perturb(
        step, positions: Array(benign..<step.labels.count), bounds: -1e6...1e6)
    }
  }

  private func published(_ setting: TrainingSetting, _ epsilon: Double) throws -> TrainingPlan {
    var adversary = try setting.neededAdversary()
    // Line 7: mu_t from (0, 1], in units of the attack's size.
    (adversary.law, adversary.warmUp) = (.uniform, 0)
    let first = try FirstLayer(of: setting.network)
    let (seed, configuration) = (setting.configuration.seed, setting.configuration)
    let batch = Double(configuration.batchSize)
    let sensitivity = Double(first.inputs * (first.unitsOfOneMap + 2))
    let (_, hidden) = setting.network.lastHidden
    let classes = setting.network.outputShape.elementCount
    // Theorem 4: epsilon = epsilon_1 (1 + 1 / gamma + 1 / gamma_x) + epsilon_2.
    let gamma = 2 * sensitivity / (batch * first.norm)
    let gammaX = sensitivity / batch
    let epsilon2 = labelShare * epsilon
    let epsilon1 = (epsilon - epsilon2) / (1 + 1 / gamma + 1 / gammaX)
    // Line 1: chi_1, chi_2, chi_3, each drawn once.
    func draw(_ count: Int, _ scale: Double, _ draw: Int) -> Tensor {
      let zero = [Float](repeating: 0, count: count)
      var noise = zero
      RandomKey(seed: seed, purpose: .localNoise, example: draw).addLaplace(
        to: zero, count: count, scale: Float(scale), into: &noise)
      return Tensor(shape: [count], values: noise)
    }
    let inputShape = setting.network.inputShape
    let hiddenShape = setting.network.shapes[first.value]
    let chi1 = draw(inputShape.elementCount, sensitivity / (epsilon1 * batch), 0)
      .reshaped(inputShape)
    let chi2 = draw(first.units, 2 * sensitivity / (epsilon1 * batch), 1).reshaped(hiddenShape)
    let chi3 = draw(classes * hidden, 2 * Double(hidden) / (epsilon2 * batch), 2)
    // Line 3: h_1 + 2 chi_2 / m.
    let network = try setting.network.inserting(
      Arithmetic(.add), named: "chi2", after: first.value, reading: chi2)
    let method = FunctionalDescent(
      for: network, labels: setting.data.labels, configuration: configuration,
      threads: setting.threads, batches: .fixed, adversarialWeight: xi,
      // Line 12: the linear coefficients less chi_3 / m.
      outputNoise: chi3.values.map { -$0 },
      reconstruction: reconstruction
        ? try Reconstruction(
          of: network, shift: chi2.values, chunk: configuration.chunk, threads: setting.threads)
        : nil)
    let (psi, value) = (psi, first.value)
    // Line 2: x + chi_1 / m.
    func shift(_ images: inout Tensor) {
      for position in 0..<images.rowCount {
        images.withRow(position) { row in
          guard let base = row.baseAddress else { return }
          add(chi1.values, to: base, count: row.count)
        }
      }
    }
    var plan = TrainingPlan(
      network: network, method: method,
      account: PrivacyAccount(
        neighbours: .replaceOne, published: .init(epsilon: epsilon, delta: 0),
        violations: [
          "all images get the same noise: the differences of noisy images are those of the images, "
            + "exactly",
          "the same noise covers the labels in every step: the differences of two steps show them",
        ]
      ) { _ in .nonPrivate },
      images: images(adversary, method) { shift(&$0.images) },
      // Inference: the training draws, and fresh ones divided by psi.
      finish: { trained in
        var result = try trained.adding(
          Noise(.laplace, scale: Float(2 * sensitivity / (epsilon1 * psi * batch))),
          to: value + 2)
        result = try result.adding(
          Noise(.laplace, scale: Float(sensitivity / (epsilon1 * psi * batch))), to: 0)
        return try result.inserting(Arithmetic(.add), named: "chi1", after: 0, reading: chi1)
      })
    plan.shows = { step in
      var images = step.images.rows(0..<method.benignCount(step: step.number))
      shift(&images)
      return SharedRelease(images: images, labelNoise: chi3.values)
    }
    return plan
  }

  private func sound(_ setting: TrainingSetting, _ epsilon: Double) throws -> TrainingPlan {
    let adversary = try setting.neededAdversary()
    let (data, configuration) = (setting.data, setting.configuration)
    let (epsilonX, epsilonY) = ((1 - labelShare) * epsilon, labelShare * epsilon)
    let width = Double(setting.bounds.upperBound) - Double(setting.bounds.lowerBound)
    let size = setting.network.inputShape.elementCount
    let scale = Double(size) * width / epsilonX
    let release = try LocalRelease(
      of: setting, classes: setting.network.outputShape.elementCount,
      labelScale: 2 / epsilonY
    ) { _ in [Double](repeating: scale, count: size) }
    var network = setting.network
    if hiddenNoise > 0 {
      network = try network.adding(
        Noise(.laplace, scale: Float(hiddenNoise)), to: try FirstLayer(of: network).value)
    }
    let method = FunctionalDescent(
      for: network, labels: data.labels, configuration: configuration, threads: setting.threads,
      batches: .fixed, release: release, adversarialWeight: xi)
    let account = PrivacyAccount(
      neighbours: .replaceOne, assumptions: LocalRelease.assumptions(setting.privacy)
    ) { _ in .composed([.pure(epsilon: epsilonX), .pure(epsilon: epsilonY)]) }
    return TrainingPlan(
      network: network, method: method, account: account,
      images: images(adversary, method) { step in
        // What is attacked is the noisy label: the label itself would show.
        step.labels = release.labels(step.indices)
        step.images = try release.images(step.images, indices: step.indices)
      },
      finish: { try $0.adding(Noise(.laplace, scale: Float(scale)), to: 0) })
  }
}
