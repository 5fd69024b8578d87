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

  @Option(help: "Images to train on; they are not kept.") var train = 12000
  @Option(help: "Images to test on.") var test = 1000
  @Option(help: "Decides images and weights.") var seed: UInt64 = 1

  func run() throws {
    guard train > 0, test > 0 else { throw UsageError("--train and --test are to be positive") }
    let digits = SyntheticDigits(seed: seed)
    for folder in ["digits", "models"] { try createFolder("\(output)/\(folder)") }
    let testSet = digits.dataset(0..<test)
    let trainSet = digits.dataset(test..<test + train)
    try testSet.writeIDX(to: "\(output)/digits", split: "test")
    try trainModel("digits-cnn", nil, trainSet, testSet)
    try trainModel("digits-cnn-robust", "madry:steps=7,relativeStep=0.25", trainSet, testSet)
  }

  private func trainModel(
    _ name: String, _ attack: String?, _ trainSet: Dataset, _ testSet: Dataset
  ) throws {
    Terminal.say(name)
    guard let architecture = Architecture.named("small-cnn") else { return }
    let options = try AdversaryOptions.parse(
      attack.map { ["--attack", $0, "--epsilon", "0.2"] } ?? [])
    let adversary = try options.adversary(seed: seed, threads: 2)
    let configuration = TrainingConfiguration(
      epochs: attack == nil ? 6 : 12, batchSize: 64, optimizer: .adam(weightDecay: 0.0005),
      learningRate: LearningRate(0.002, schedule: .cosine, warmUp: 100), seed: seed)
    let trainer = try Trainer(
      try architecture.makeNetwork(classes: 10, seed: seed),
      on: TrainingData(labels: trainSet.labels) { trainSet.images($0) },
      configuration: configuration, threads: 2)
    let path = "\(output)/models/\(name)"
    var run = TrainingRun(
      trainer: trainer,
      description: TrainingSummary.Run(
        architecture: architecture.name, inputShape: [1, 28, 28], classes: 10,
        data: "sha256 \(trainSet.sha256)", attack: adversary?.description,
        configuration: configuration),
      output: path, adversary: adversary,
      test: TrainingData(labels: testSet.labels) { testSet.images($0) }, threads: 2,
      checkpointEvery: 0, quiet: false)
    try run.begin(resuming: false)
    try run.finish()
    try writeAtomically(
      try exportONNX(try NetworkFile.read(path).network, name: name), to: path + ".onnx")
  }
}
