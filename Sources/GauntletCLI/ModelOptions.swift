import ArgumentParser
import Files
import Gauntlet

/// Which model is meant, and how its input is prepared.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("An ONNX file, or a model trained by gauntlet.", valueName: "file"))
  var model: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Subtracted from each channel before the model, in the units of the data.",
      valueName: "list"))
  var mean: NumberList?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Divides each channel after that.", valueName: "list"))
  var std: NumberList?

  @Option(
    help: ArgumentHelp(
      "How the file's input expects an image; deduced where that is not ambiguous.",
      valueName: "layout"))
  var layout: Layout?

  @Option(
    help: ArgumentHelp(
      "How many examples are computed together; changes no result.", valueName: "n"))
  var batchSize: Int?

  func validate() throws {
    if let batchSize, !(1...1024).contains(batchSize) {
      throw ValidationError("--batch-size is to be 1 to 1024, not \(batchSize)")
    }
  }
}

/// A model ready to be attacked, the data it is attacked on, and what is to be said of the model.
struct OpenedModel {
  /// From data to logits, with the noise that was asked for.
  var network: Network
  var dataset: Dataset
  var description: EvaluationResult.ModelDescription
  /// How many examples are computed together.
  var chunk: Int?
  /// What training said of the privacy of its data.
  var privacy = PrivacyRecord.Found.nothing

  /// The network as a classifier without noise.
  var classifier: Classifier { Classifier(network, bounds: dataset.range, chunk: chunk) }
}

extension ModelOptions {
  /// Reads the model for the images of the data, and the data again where the file beside the model
  /// says that it was trained in other units and the command line does not.
  ///
  /// - Throws: `ModelError`, `DatasetError`; `FileError`, `NetworkFileError` for a privacy
  ///   statement beside the model that cannot be read.
  func open(_ path: String, data: DataOptions, dataPath: String) throws -> OpenedModel {
    var dataset = try Dataset.load(path: dataPath, split: data.split, range: data.bounds)
    let loaded = try loadModel(
      path, imageShape: dataset.shape,
      preprocessing: PreprocessingOptions(mean: mean?.values, std: std?.values, layout: layout))
    if data.range == nil, let range = loaded.preprocessing.range, range.count == 2,
      range[0] < range[1], range[0]...range[1] != dataset.range
    {
      dataset = try Dataset.load(path: dataPath, split: data.split, range: range[0]...range[1])
    }
    // Found before a long run, and with the file's name.
    let classes = loaded.classCount
    if let index = dataset.labels.firstIndex(where: { $0 >= classes }) {
      throw DatasetError.malformed(
        path: dataPath, place: "example \(index)",
        problem:
          "has label \(dataset.labels[index]), model '\(path)' has classes 0 to \(classes - 1)")
    }
    return OpenedModel(
      network: loaded.network, dataset: dataset,
      description: .init(
        path: path, sha256: loaded.sha256, format: loaded.format.rawValue,
        mean: loaded.preprocessing.mean?.map(Double.init),
        std: loaded.preprocessing.std?.map(Double.init), layout: loaded.layout.rawValue,
        notes: loaded.notes.isEmpty ? nil : loaded.notes), chunk: batchSize,
      privacy: try PrivacyRecord.beside(path, format: loaded.format))
  }
}
