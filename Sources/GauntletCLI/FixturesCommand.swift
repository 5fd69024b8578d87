import ArgumentParser
import Files
import Gauntlet

/// `gauntlet fixtures`: makes what lies in the package's `Fixtures` folder; hidden, for those who
/// work on the package.
struct FixturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fixtures",
    abstract: "Draws the digits of Fixtures and trains the models on them.",
    discussion: """
      Writes digits/ (IDX files) and models/digits-cnn and models/digits-cnn-robust (.json, \
      .safetensors, .onnx). The same numbers come out on every machine with the same instruction set.

      Example: gauntlet fixtures --output Fixtures
      """,
    shouldDisplay: false)

  @Option(help: ArgumentHelp("Where it goes.", valueName: "folder"))
  var output: String

  @Option(help: "Images to test on.") var test = 1000
  @Option(help: "Decides images and weights.") var seed: UInt64 = 1

  /// One of the models, and how it is made.
  private struct Recipe {
    var name: String
    /// How many images it learns from, which are not kept; few, so that it makes mistakes.
    var images: Int
    var adversary: [String]
    var configuration: TrainingConfiguration
  }

  private var recipes: [Recipe] {
    [
      Recipe(
        name: "digits-cnn", images: 1200, adversary: [],
        configuration: TrainingConfiguration(
          epochs: 4, batchSize: 32, learningRate: LearningRate(0.05, schedule: .cosine, warmUp: 60),
          seed: seed)),
      Recipe(
        name: "digits-cnn-robust", images: 3000,
        adversary: [
          "--attack", "madry:steps=5,relativeStep=0.4", "--epsilon", "0.1", "--epsilon-warm-up",
          "200",
        ],
        configuration: TrainingConfiguration(
          epochs: 8, batchSize: 32, optimizer: .adam(),
          learningRate: LearningRate(0.001, schedule: .cosine, warmUp: 100), seed: seed)),
    ]
  }

  func run() throws {
    guard test > 0 else { throw UsageError("--test is to be positive, not \(test)") }
    let digits = SyntheticDigits(seed: seed)
    for folder in ["digits", "models"] { try createFolder("\(output)/\(folder)") }
    let testSet = digits.dataset(0..<test)
    try testSet.writeIDX(to: "\(output)/digits", split: "test")
    for recipe in recipes {
      try train(recipe, digits.dataset(test..<test + recipe.images), testSet)
    }
  }

  private func train(_ recipe: Recipe, _ trainSet: Dataset, _ testSet: Dataset) throws {
    Terminal.say(recipe.name)
    guard let architecture = Architecture.named("small-cnn") else { return }
    let adversary = try AdversaryOptions.parse(recipe.adversary).adversary(seed: seed, threads: 2)
    let data = TrainingData(labels: trainSet.labels) { trainSet.images($0) }
    let system: any TrainingSystem = adversary == nil ? SGDTraining() : AdversarialTraining()
    let plan = try system.plan(
      TrainingSetting(
        network: try architecture.makeNetwork(classes: 10, seed: seed), data: data,
        configuration: recipe.configuration, adversary: adversary?.adversary, threads: 2))
    let path = "\(output)/models/\(recipe.name)"
    var run = TrainingRun(
      trainer: try Trainer(
        plan.network, on: data, configuration: recipe.configuration, method: plan.method,
        threads: 2),
      plan: plan, system: system,
      description: TrainingSummary.Run(
        architecture: architecture.name, inputShape: trainSet.shape, classes: 10,
        data: "sha256 \(trainSet.sha256)", attack: adversary?.description,
        method: plan.description(of: system, PrivacyRequest()), configuration: recipe.configuration),
      output: path, test: TrainingData(labels: testSet.labels) { testSet.images($0) }, threads: 2,
      checkpointEvery: 0, quiet: false, examples: trainSet.count,
      target: .init(epsilon: nil, delta: PrivacyRequest.defaultDelta))
    try run.begin(resuming: false)
    try run.finish()
    try writeAtomically(
      try exportONNX(try NetworkFile.read(path).network, name: recipe.name), to: path + ".onnx")
  }
}
