import ArgumentParser
import Gauntlet

/// What is trained, and on what.
struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to train: "
        + Architecture.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ") + ".",
      valueName: "name"))
  var architecture: String

  @Option(
    help: ArgumentHelp(
      "A folder of IDX files (MNIST), of CIFAR-10 batches, or of splits of PNG class folders, or "
        + "an .npz file with x and y.", valueName: "path"))
  var data: String

  @Option(help: "The part of the data to train on.")
  var split = "train"

  @Option(help: ArgumentHelp("The first examples only.", valueName: "n"))
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "A JSON file with options, as {\"epochs\": 3}; those of the command line win.",
      valueName: "file"))
  var config: String?

  func validate() throws {
    guard Architecture.named(architecture) != nil else {
      let names = Architecture.all.map(\.name).joined(separator: ", ")
      throw ValidationError("there is no architecture '\(architecture)'; there are \(names)")
    }
    if let limit, limit < 1 { throw ValidationError("--limit is to be at least 1, not \(limit)") }
  }

  /// The data, their first examples as asked, and the network with its initial weights.
  func load(
    _ recipe: RecipeOptions
  ) throws -> (dataset: Dataset, examples: TrainingData, network: Network) {
    guard let architecture = Architecture.named(architecture) else {
      throw UsageError("there is no architecture '\(architecture)'")
    }
    let dataset = try Dataset.load(path: data, split: split)
    let count = min(limit ?? dataset.count, dataset.count)
    return (
      dataset, TrainingData(labels: Array(dataset.labels.prefix(count))) { dataset.images($0) },
      try architecture.makeNetwork(
        inputShape: dataset.shape, classes: dataset.classCount,
        normalization: try recipe.normalization(channels: dataset.shape[0]), seed: recipe.seed)
    )
  }
}
