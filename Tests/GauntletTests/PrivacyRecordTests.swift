import Foundation
import Gauntlet
import Testing

/// What training said of privacy follows the model into export and evaluation.
@Suite struct PrivacyRecordTests {
  private static func train(_ tiny: TinyModel) throws {
    let run = try Command.run(
      [
        "train", "--architecture", "linear", "--data", "data.npz", "--test-split", "none",
        "--method", "dp-sgd", "--batch-size", "10", "--noise-multiplier", "1.5", "--epochs", "1",
        "--warm-up", "0", "--output", "net",
      ], in: tiny.folder)
    #expect(run.status == 0, "\(run.error)")
  }

  private static func evaluate(_ tiny: TinyModel, _ model: String) throws -> Command {
    try Command.run(
      [
        "evaluate", "--model", model, "--data", "data.npz", "--epsilon", "0.1", "--attack", "fgsm",
        "--json", "r.json", "--csv", "r.csv", "--gallery", "g", "--overwrite",
      ], in: tiny.folder)
  }

  private static func result(_ tiny: TinyModel) throws -> EvaluationResult {
    try JSONDecoder().decode(
      EvaluationResult.self, from: Data(contentsOf: URL(fileURLWithPath: tiny.folder + "/r.json")))
  }

  @Test(arguments: ["net.json", "net.safetensors", "net.onnx"])
  func isCarriedIntoResults(model: String) throws {
    try TinyModel.with { tiny in
      try Self.train(tiny)
      if model.hasSuffix("onnx") {
        let export = try Command.run(["export", "net", "--output", model], in: tiny.folder)
        #expect(export.status == 0 && export.error.isEmpty, "\(export.error)")
        #expect(export.output.contains("net.onnx.privacy.json (privacy: dp-sgd, epsilon "))
      }
      let run = try Self.evaluate(tiny, model)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("privacy of the training data: dp-sgd, epsilon "))
      let record = try #require(try Self.result(tiny).privacy)
      #expect(record.delta == 1e-5 && record.audits.count >= 2)
      #expect(try record.epsilon ?? 0 > 0 && Self.result(tiny).warnings.isEmpty)
      let csv = try String(contentsOfFile: tiny.folder + "/r.csv", encoding: .utf8)
      #expect(csv.contains(",dp-sgd,\(record.epsilon ?? 0),1e-05,"))
      let page = try String(contentsOfFile: tiny.folder + "/g/index.html", encoding: .utf8)
      #expect(page.contains("<dt>privacy</dt><dd>dp-sgd, epsilon "))
    }
  }

  @Test func aStatementAboutOtherWeightsIsLeftOut() throws {
    try TinyModel.with { tiny in
      try Self.train(tiny)
      try FileManager.default.copyItem(
        atPath: tiny.folder + "/net.privacy.json", toPath: tiny.folder + "/model.privacy.json")
      let run = try Self.evaluate(tiny, "model.onnx")
      #expect(run.status == 0)
      #expect(
        run.error.contains(
          "warning: the privacy statement 'model.privacy.json' is about weights with SHA-256 "))
      let result = try Self.result(tiny)
      #expect(result.privacy == nil)
      #expect(result.warnings.contains { $0.hasSuffix("; it is left out") })
    }
  }

  @Test(arguments: [("{", "is not JSON"), ("{}", "field 'weights' is to be a text")])
  func aDamagedStatementIsAnError(text: String, problem: String) throws {
    try TinyModel.with { tiny in
      try Data(text.utf8).write(to: URL(fileURLWithPath: tiny.folder + "/model.privacy.json"))
      let run = try Self.evaluate(tiny, "model.onnx")
      #expect(run.status == 65)
      #expect(
        run.error
          == "gauntlet: file 'model.privacy.json': is no privacy statement: \(problem)\n")
    }
  }

  @Test func anExportWithoutPrivacyLeavesNoStatement() throws {
    try TinyModel.with { tiny in
      try Self.train(tiny)
      for _ in 0..<2 {
        let export = try Command.run(["export", "net", "--output", "o.onnx"], in: tiny.folder)
        #expect(export.status == 0, "\(export.error)")
        let statement = tiny.folder + "/o.onnx.privacy.json"
        let isPrivate = FileManager.default.fileExists(atPath: tiny.folder + "/net.privacy.json")
        #expect(FileManager.default.fileExists(atPath: statement) == isPrivate)
        try? FileManager.default.removeItem(atPath: tiny.folder + "/net.privacy.json")
      }
    }
  }
}
