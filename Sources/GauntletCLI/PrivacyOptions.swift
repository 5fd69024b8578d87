public import ArgumentParser
public import Gauntlet

/// How steps are made.
enum TrainingMethodName: String, ExpressibleByArgument, CaseIterable {
  case plain
  case dpSGD = "dp-sgd"
}

extension DPSGD.Randomness: ExpressibleByArgument {}

/// What private training is told.
struct PrivacyOptions: ParsableArguments {
  enum Clipping: String, ExpressibleByArgument, CaseIterable {
    case joint
    case perLayer = "per-layer"
    case adaptive
  }

  @Option(
    help: ArgumentHelp(
      "Plain descent, or DP-SGD: each example takes part in a step with probability batch size / "
        + "examples, gradients of single examples are clipped, noise is added (M. Abadi et al., "
        + "2016). What the result is worth stands in NAME.privacy.json."))
  var method = TrainingMethodName.plain

  @Option(
    help: ArgumentHelp(
      "The standard deviation of the noise, in clipping norms: more is more private.",
      valueName: "sigma"))
  var noiseMultiplier: Double?

  @Option(
    help: ArgumentHelp(
      "In place of the noise multiplier: the privacy that all steps together are to have.",
      valueName: "epsilon"))
  var targetEpsilon: Double?

  @Option(
    help: ArgumentHelp(
      "The probability with which epsilon may fail, meant to be below 1 / examples; by default 1e-5.",
      valueName: "delta"))
  var delta: Double?

  @Option(
    help: ArgumentHelp("The norm of one example's gradient; by default 1.", valueName: "norm"))
  var clip: Double?

  @Option(
    help: "Clips the whole gradient, each layer's, or the whole to a norm that follows the median.")
  var clipping: Clipping?

  @Option(
    help: ArgumentHelp(
      "secure: from the operating system, as the guarantee asks for; seeded: from --seed, which "
        + "makes the run repeatable and whoever knows the seed able to undo the noise."))
  var randomness: DPSGD.Randomness?

  @Option(
    help: ArgumentHelp(
      "Examples whose gradients are held at a time, a divisor of 16; changes no result.",
      valueName: "n"))
  var microBatch: Int?

  /// What is claimed if it holds.
  var target: PrivacyStatement.Claim { .init(epsilon: targetEpsilon, delta: delta ?? 1e-5) }

  /// The method, or nil for plain descent.
  /// - Parameters:
  ///   - count: how many examples there are.
  ///   - steps: of the whole run.
  func dpsgd(batchSize: Int, count: Int, steps: Int) throws -> DPSGD? {
    guard method == .dpSGD else {
      let given: [(name: String, isGiven: Bool)] = [
        ("--noise-multiplier", noiseMultiplier != nil), ("--clip", clip != nil),
        ("--target-epsilon", targetEpsilon != nil), ("--delta", delta != nil),
        ("--clipping", clipping != nil), ("--randomness", randomness != nil),
        ("--micro-batch", microBatch != nil),
      ]
      if let option = given.first(where: \.isGiven) {
        throw UsageError("\(option.name) is for --method dp-sgd")
      }
      return nil
    }
    guard batchSize <= count else {
      throw UsageError("--batch-size \(batchSize) is more than the \(count) examples")
    }
    let rate = Double(batchSize) / Double(count)
    guard target.delta > 0 && target.delta < 1 else {
      throw UsageError("--delta is to be in (0, 1), not \(target.delta)")
    }
    if target.delta >= 1 / Double(count) {
      Terminal.say(
        "gauntlet: a delta of \(target.delta) is not below 1 / \(count): publishing a whole example "
          + "at random would satisfy it")
    }
    let noiseMultiplier: Double
    switch (self.noiseMultiplier, targetEpsilon) {
    case (let multiplier?, nil): noiseMultiplier = multiplier
    case (nil, let epsilon?):
      noiseMultiplier = try DPSGD.noiseMultiplier(
        epsilon: epsilon, delta: target.delta, samplingRate: rate, steps: steps)
    default:
      throw UsageError("--method dp-sgd needs either --noise-multiplier or --target-epsilon")
    }
    let clipping = clipping ?? .joint
    let method = DPSGD(
      samplingRate: rate, expectedBatchSize: batchSize,
      clipping: GradientClipping(
        norm: clip ?? 1, scope: clipping == .perLayer ? .perLayer : .joint),
      adaptation: clipping == .adaptive
        ? ClippingAdaptation(countNoise: max(Double(batchSize) / 20, noiseMultiplier)) : nil,
      noiseMultiplier: noiseMultiplier, randomness: randomness ?? .secure)
    try method.validate()
    return method
  }
}
