import ArgumentParser
import Foundation
import Gauntlet

/// `gauntlet train`
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a network, on clean or on adversarial images, privately if asked.",
    discussion: """
      Writes NAME.json (what the network is) and NAME.safetensors (its weights); gauntlet export \
      turns them into ONNX. Ctrl-C finishes the step and leaves NAME.checkpoint, from which the \
      same command with --resume goes on; the final weights are the same, to the bit, as those of a \
      run that was not interrupted, for any number of threads.

      Examples:
        gauntlet train --architecture paper-mnist --data mnist --output mnist
        gauntlet train --architecture paper-mnist --data mnist --attack madry:steps=7 \\
          --epsilon 0.3 --output robust
        gauntlet train --architecture paper-mnist --data mnist --method dp-sgd --batch-size 1024 \\
          --target-epsilon 2 --output private
        gauntlet train --architecture paper-mnist --data mnist --method secure-sgd:size=0.1 \\
          --batch-size 1024 --target-epsilon 2 --output secure
        gauntlet train --architecture paper-mnist --data mnist --noise gaussian:scale=0.25 \\
          --output noisy
      """)

  @OptionGroup var source: SourceOptions

  @Option(help: "The part to test on after each epoch; none for no test.")
  var testSplit = "test"

  @Option(
    help: ArgumentHelp(
      "Where the network goes: NAME.json and NAME.safetensors.", valueName: "name"))
  var output: String

  @OptionGroup(title: "Training") var recipe: RecipeOptions
  @Option(
    name: .customLong("noise"),
    help: ArgumentHelp(
      "Noise to train with, fresh for every example and step: gaussian or laplace, scale=S, "
        + "after=NODE (default: the input); may be repeated. It stays in the model.",
      valueName: "family:key=value,..."))
  var noises: [String] = []

  @OptionGroup(title: "Adversarial training") var adversary: AdversaryOptions
  @OptionGroup(title: "Private training") var privacy: PrivacyOptions

  @Option(help: "How many threads compute; changes no result.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Goes on from NAME.checkpoint.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Steps between checkpoints; by default one an epoch, 0 for none.", valueName: "steps"))
  var checkpointEvery: Int?

  @Flag(name: .shortAndLong, help: "Says nothing on standard error but errors.")
  var quiet = false

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads is to be 1 to 1024, not \(threads)")
    }
    if let checkpointEvery, checkpointEvery < 0 {
      throw ValidationError("--checkpoint-every is not to be negative: \(checkpointEvery)")
    }
  }

  func run() throws {
    let adversary = try adversary.adversary(seed: recipe.seed, threads: threads)
    let system = try privacy.system(attacks: adversary != nil, noises: !noises.isEmpty)
    let (train, data, initial) = try source.load(recipe)
    let test = testSplit == "none" ? nil : try Dataset.load(path: source.data, split: testSplit)
    if let test, test.shape != train.shape || test.classCount > train.classCount {
      throw UsageError(
        "split '\(testSplit)' has images \(test.shape) of \(test.classCount) classes, "
          + "split '\(source.split)' \(train.shape) of \(train.classCount)")
    }
    var network = initial
    for noise in try noises.map({ try NoiseArgument($0) }) {
      guard case .scale = noise.request.strength, noise.redistribution == nil else {
        throw UsageError(
          "--noise for training takes scale= and after= only: what it would be calibrated to changes "
            + "with the weights")
      }
      network = try network.adding(noise.request).network
    }
    let configuration = try recipe.configuration()
    privacy.warn(examples: data.count)
    let plan = try system.plan(
      TrainingSetting(
        network: network, data: data, configuration: configuration, privacy: privacy.request,
        adversary: adversary?.adversary, threads: threads))
    if plan.account.claimsPrivacy, let test, test.sha256 == train.sha256 {
      throw UsageError(
        "split '\(testSplit)' is the training data, whose accuracy would tell of them; give "
          + "--test-split none")
    }
    let trainer = try Trainer(
      plan.network, on: data, configuration: configuration, method: plan.method, threads: threads)
    let description = TrainingSummary.Run(
      architecture: source.architecture, inputShape: train.shape, classes: train.classCount,
      data: "sha256 \(train.sha256), the first \(data.count)" + recipe.preparation,
      attack: adversary?.description,
      method: plan.description(of: system, privacy.request),
      noise: noises.isEmpty ? nil : noises, configuration: configuration)
    var run = TrainingRun(
      trainer: trainer, plan: plan, system: system, description: description, output: output,
      test: test.map { test in TrainingData(labels: test.labels) { test.images($0) } },
      threads: threads, checkpointEvery: checkpointEvery ?? trainer.stepsPerEpoch, quiet: quiet,
      examples: data.count, target: privacy.request.target)
    try run.begin(resuming: resume)
    try run.finish()
  }
}

extension TrainingPlan {
  /// The method with all that decides what it does and what it claims; nil for plain descent.
  func description(of system: any TrainingSystem, _ request: PrivacyRequest) -> String? {
    let information = type(of: system).information
    guard !(system is SGDTraining) else { return nil }
    var parts = [information.name]
    parts += TrainingSystems.parameters(of: system).map { "\($0.name)=\($0.value)" }
    if let descent = account.descent {
      parts.append(descent.summary)
    } else if information.options.contains(.budget) {
      parts.append(
        "epsilon \(request.targetEpsilon ?? 0) delta \(request.target.delta) "
          + "\((request.randomness ?? .secure).rawValue) randomness")
    }
    return parts.joined(separator: " ")
  }
}

/// How to train.
struct RecipeOptions: ParsableArguments {
  enum Method: String, ExpressibleByArgument, CaseIterable { case sgd, adam }
  enum Decline: String, ExpressibleByArgument, CaseIterable { case constant, step, cosine }

  @Option(help: "Passes over the data.") var epochs = 5
  @Option(help: "Examples of a step.") var batchSize = 128
  @Option(help: "Gradient descent with momentum, or Adam.") var optimizer = Method.sgd
  @Option(help: "The largest learning rate; by default 0.05, with Adam 0.001.")
  var learningRate: Float?
  @Option(help: "The momentum of sgd.") var momentum: Float = 0.9
  @Flag(help: "Nesterov's momentum.") var nesterov = false
  @Option(help: "Weight decay, of weights and not biases; decoupled with Adam.")
  var weightDecay: Float = 0.0005
  @Option(help: "What becomes of the learning rate; step divides it by 10 twice.")
  var schedule = Decline.cosine
  @Option(help: "Steps over which the learning rate rises at first.") var warmUp = 100
  @Option(help: "The most pixels by which training images are shifted at random.") var shift = 0
  @Flag(help: "Mirrors half of the training images.") var flip = false
  @Option(
    help: ArgumentHelp(
      "Keeps an average of the weights, which is what is tested and written: the most that the "
        + "average keeps of itself in a step, such as 0.99.", valueName: "share"))
  var averaging: Float?
  @Option(help: "Decides the first weights, the order of the examples and everything random.")
  var seed: UInt64 = 0
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Subtracted from each channel by the network's first layer.", valueName: "list"))
  var mean: NumberList?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Divides each channel after that.", valueName: "list"))
  var std: NumberList?

  /// The values the options stand for.
  func configuration() throws(TrainingError) -> TrainingConfiguration {
    let method: Optimizer =
      switch optimizer {
      case .sgd: .sgd(momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
      case .adam: .adam(weightDecay: weightDecay)
      }
    let decline: LearningRate.Schedule =
      switch schedule {
      case .constant: .constant
      case .step: .step(every: max(1, (epochs + 2) / 3), factor: 0.1)
      case .cosine: .cosine
      }
    let result = TrainingConfiguration(
      epochs: epochs, batchSize: batchSize, optimizer: method,
      learningRate: LearningRate(
        learningRate ?? (optimizer == .sgd ? 0.05 : 0.001), schedule: decline, warmUp: warmUp),
      augmentation: Augmentation(shift: shift, flips: flip), seed: seed, averaging: averaging)
    try result.validate()
    return result
  }

  /// Mean and deviation of each of `channels`, or nil where neither is given.
  func normalization(
    channels: Int
  ) throws(UsageError) -> (mean: [Float], deviation: [Float])? {
    if mean == nil && std == nil { return nil }
    func list(_ option: String, _ values: [Float]?, _ other: Float) throws(UsageError) -> [Float] {
      let values = values ?? [other]
      guard values.count == 1 || values.count == channels else {
        throw UsageError("\(option) has \(values.count) numbers for \(channels) channels")
      }
      return values.count == 1 ? [Float](repeating: values[0], count: channels) : values
    }
    let deviation = try list("--std", std?.values, 1)
    guard deviation.allSatisfy({ $0 > 0 }) else { throw UsageError("--std is to be positive") }
    return (try list("--mean", mean?.values, 0), deviation)
  }

  /// The normalisation as part of what identifies a run.
  var preparation: String {
    if mean == nil && std == nil { return "" }
    return ", less \(mean?.values ?? [0]), by \(std?.values ?? [1])"
  }
}
