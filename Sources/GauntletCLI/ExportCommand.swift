import ArgumentParser
import Files
import Foundation
import Gauntlet

/// `gauntlet export`
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a network trained by gauntlet as an ONNX file.",
    discussion: """
      The file takes images [batch, channels, height, width] in the units of the training data as \
      'input' and yields 'logits'; any batch size. What private training said of NAME goes to \
      FILE.privacy.json.

      Example: gauntlet export mnist --output mnist.onnx
      """)

  @Argument(help: "NAME.json, NAME.safetensors or NAME of the network.")
  var model: String

  @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  func run() throws {
    let file = try NetworkFile.read(model)
    let name = NetworkFile.stem(model).split(separator: "/").last.map(String.init) ?? "network"
    let found = try PrivacyRecord.beside(model, format: .native)
    let statement = output + ".privacy.json"
    // One about an earlier file of this name does not hold for the new one.
    try? FileManager.default.removeItem(atPath: statement)
    try writeAtomically(try exportONNX(file.network, name: name), to: output)
    Terminal.print("\(output) (ONNX, operator set \(exportedOperatorSet))\n")
    switch found {
    case .nothing: break
    case .other(let sentence): Terminal.say("warning: \(sentence)")
    case .statement(let record):
      let exported = try record.about(
        sha256(ofFile: output), exportedFrom: NetworkFile.paths(model).weights)
      try writeAtomically(exported.json(), to: statement)
      Terminal.print("\(statement) (privacy: \(exported.text))\n")
    }
  }
}
