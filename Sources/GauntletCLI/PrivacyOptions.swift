public import ArgumentParser
public import Gauntlet

extension DPSGD.Randomness: ExpressibleByArgument {}
extension PrivacyRequest.Clipping: ExpressibleByArgument {}

/// What private training is told.
struct PrivacyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A method from 'gauntlet methods', such as dp-sgd or secure-sgd:size=0.1; by default sgd, with "
        + "--attack adversarial. What the result is worth stands in NAME.privacy.json.",
      valueName: "name[:key=value]"))
  var method: String?

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
  var clipping: PrivacyRequest.Clipping?

  @Option(
    help: ArgumentHelp(
      "secure: from the operating system, as the guarantee asks for; seeded: from --seed, which "
        + "makes the run repeatable and whoever knows the seed able to undo the noise."))
  var randomness: DPSGD.Randomness?

  @Option(
    help: ArgumentHelp(
      "Examples whose gradients are held at a time, a divisor of 16; changes no result. Default: "
        + "as many as take 2 MiB, at least 4.",
      valueName: "n"))
  var microBatch: Int?

  var request: PrivacyRequest {
    PrivacyRequest(
      noiseMultiplier: noiseMultiplier, targetEpsilon: targetEpsilon, delta: delta, clip: clip,
      clipping: clipping, randomness: randomness, microBatch: microBatch)
  }

  /// The method, all options checked to be ones that it reads.
  ///
  /// - Parameters:
  ///   - attacks: whether there are any.
  ///   - noises: whether noise is asked for in the model.
  func system(attacks: Bool, noises: Bool) throws -> any TrainingSystem {
    let system = try TrainingSystems.parse(method ?? (attacks ? "adversarial" : "sgd"))
    let descent: Set<TrainingSystemInformation.Option> = [.gaussianDescent]
    let budget: Set<TrainingSystemInformation.Option> = [.gaussianDescent, .budget]
    let given: [(name: String, isGiven: Bool, readers: Set<TrainingSystemInformation.Option>)] = [
      ("--attack", attacks, [.attacks]), ("--noise", noises, [.layers]),
      ("--noise-multiplier", noiseMultiplier != nil, descent), ("--clip", clip != nil, descent),
      ("--clipping", clipping != nil, descent), ("--micro-batch", microBatch != nil, descent),
      ("--target-epsilon", targetEpsilon != nil, budget), ("--delta", delta != nil, budget),
      ("--randomness", randomness != nil, budget),
    ]
    let information = type(of: system).information
    for option in given where option.isGiven && information.options.isDisjoint(with: option.readers)
    {
      let names = TrainingSystems.all.filter {
        !$0.information.options.isDisjoint(with: option.readers)
      }.map { $0.information.name }
      throw UsageError(
        "\(option.name) is not for method \(information.name) but for "
          + names.joined(separator: ", "))
    }
    return system
  }

  /// Says what is allowed but is hardly meant.
  func warn(examples: Int) {
    let delta = request.target.delta
    guard method != nil, delta < 1, delta >= 1 / Double(examples) else { return }
    Terminal.say(
      "gauntlet: a delta of \(delta) is not below 1 / \(examples): publishing a "
        + "whole example at random would satisfy it")
  }
}
