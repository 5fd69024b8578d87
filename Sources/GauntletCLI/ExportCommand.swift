import ArgumentParser
import Files
import Gauntlet

/// `gauntlet export`
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a network trained by gauntlet as an ONNX file.",
    discussion: """
      The file takes images [batch, channels, height, width] in the units of the training data as \
      'input' and yields 'logits'; any batch size.

      Example: gauntlet export mnist --output mnist.onnx
      """)

  @Argument(help: "NAME.json, NAME.safetensors or NAME of the network.")
  var model: String

  @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  func run() throws {
    let file = try NetworkFile.read(model)
    let name = NetworkFile.stem(model).split(separator: "/").last.map(String.init) ?? "network"
    try writeAtomically(try exportONNX(file.network, name: name), to: output)
    Terminal.print("\(output) (ONNX, operator set \(exportedOperatorSet))\n")
  }
}
