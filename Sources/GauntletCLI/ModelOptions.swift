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
      "How the file's input expects an image: nchw, nhwc, flat, flat-column-major; "
        + "deduced where that is not ambiguous.", valueName: "layout"))
  var layout: String?

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

/// A model ready to be attacked, and what is to be said of it.
struct OpenedModel {
  var classifier: Classifier
  var description: EvaluationResult.ModelDescription
}

extension ModelOptions {
  func open(_ path: String, dataset: Dataset) throws -> OpenedModel {
    throw UsageError("models cannot be read yet")
  }
}
