import ArgumentParser
import Foundation
import Gauntlet

/// `gauntlet inspect`: what is in a model file.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Says what is in a model file and what of it cannot be used.",
    discussion: """
      EXAMPLES
        gauntlet inspect model.onnx
        gauntlet inspect model.onnx --json
      """)

  @Argument(help: ArgumentHelp("An ONNX file, or a model trained by gauntlet.", valueName: "file"))
  var model: String

  @Flag(help: "One JSON document instead of text.")
  var json = false

  func run() throws {
    let inspection = try inspect(model)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Terminal.print(String(decoding: try encoder.encode(inspection), as: UTF8.self) + "\n")
    } else {
      Terminal.print(inspection.text)
    }
  }
}
