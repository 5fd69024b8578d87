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

  /// The method, or nil for plain descent.
  /// - Parameter count: how many examples there are.
  func dpsgd(batchSize: Int, count: Int) throws -> DPSGD? {
    guard method == .dpSGD else {
      let given: [(name: String, isGiven: Bool)] = [
        ("--noise-multiplier", noiseMultiplier != nil), ("--clip", clip != nil),
        ("--clipping", clipping != nil), ("--randomness", randomness != nil),
        ("--micro-batch", microBatch != nil),
      ]
      if let option = given.first(where: \.isGiven) {
        throw UsageError("\(option.name) is for --method dp-sgd")
      }
      return nil
    }
    guard let noiseMultiplier else {
      throw UsageError("--method dp-sgd needs --noise-multiplier")
    }
    guard batchSize <= count else {
      throw UsageError("--batch-size \(batchSize) is more than the \(count) examples")
    }
    let clipping = clipping ?? .joint
    let method = DPSGD(
      samplingRate: Double(batchSize) / Double(count), expectedBatchSize: batchSize,
      clipping: GradientClipping(
        norm: clip ?? 1, scope: clipping == .perLayer ? .perLayer : .joint),
      adaptation: clipping == .adaptive
        ? ClippingAdaptation(countNoise: max(Double(batchSize) / 20, noiseMultiplier)) : nil,
      noiseMultiplier: noiseMultiplier, randomness: randomness ?? .secure)
    try method.validate()
    return method
  }
}
