import Foundation
import Gauntlet
import Testing

@Suite struct EvaluateCommandTests {
  @Test func writesEverythingItIsAskedFor() throws {
    try TinyModel.with { tiny in
      let run = try Command.run(
        [
          "evaluate", "--model", "model.onnx", "--data", "data.npz", "--epsilon", "8/255,0.2",
          "--json", "r.json", "--csv", "r.csv", "--records", "r.jsonl", "--gallery", "g",
          "--export", "e",
        ], in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("clean accuracy  100.0 %"))
      #expect(run.output.contains("worst case"))
      let document = try Data(contentsOf: URL(fileURLWithPath: "\(tiny.folder)/r.json"))
      let result = try JSONDecoder().decode(EvaluationResult.self, from: document)
      #expect(result.model.path == "model.onnx" && result.model.format == "onnx")
      #expect(result.clean.correct == TinyModel.count && result.data.count == TinyModel.count)
      #expect(result.attacks.map(\.name).count == 8 && result.worstCase.count == 2)
      #expect(result.attacks.allSatisfy { $0.accuracy < 1 })
      let records = try String(contentsOfFile: "\(tiny.folder)/r.jsonl", encoding: .utf8)
      #expect(records.split(separator: "\n").count == TinyModel.count * 4 * 2)
      for file in ["r.csv", "g/index.html", "g/manifest.json", "g/contact-sheet.png"] {
        #expect(FileManager.default.fileExists(atPath: "\(tiny.folder)/\(file)"), "\(file)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(tiny.folder)/e").count == 8)
      // The folders are full now.
      let again = try Command.run(
        ["evaluate", "--model", "model.onnx", "--data", "data.npz", "--gallery", "g"],
        in: tiny.folder)
      #expect(again.status == 64 && again.error.contains("folder 'g' is not empty"))
    }
  }

  @Test func recordsAreTheSameForAnyThreadsBatchAndSplit() throws {
    try TinyModel.with { tiny in
      func records(_ options: [String]) throws -> String {
        let run = try Command.run(
          [
            "evaluate", "--model", tiny.model, "--data", tiny.data, "--epsilon", "0.05,0.1",
            "--target", "random", "--seed", "11", "--records", "-", "--quiet",
          ] + options)
        #expect(run.status == 0 && run.error == "")
        return run.output
      }
      let reference = try records(["--threads", "1"])
      #expect(!reference.isEmpty)
      #expect(try records(["--threads", "2", "--batch-size", "1"]) == reference)
      #expect(try records(["--threads", "3", "--batch-size", "7"]) == reference)
      #expect(try records(["--batch-size", "128"]) == reference)
      let halves = try records(["--limit", "20"]) + records(["--offset", "20", "--limit", "500"])
      #expect(halves == reference)
      #expect(try records(["--seed", "12"]) != reference)
    }
  }

  @Test func anInterruptedRunLeavesCompleteRecordsAndNoResult() throws {
    try TinyModel.with { tiny in
      let records = "\(tiny.folder)/r.jsonl"
      let json = "\(tiny.folder)/r.json"
      // Targets out of reach keep the attack going until it is interrupted.
      let run = try Command.run(
        [
          "evaluate", "--model", tiny.model, "--data", tiny.data, "--epsilon", "1e-6",
          "--attack", "madry:steps=2000,restarts=20", "--batch-size", "1", "--records", records,
          "--json", json,
        ], interruptAfter: records)
      #expect(run.status == 130)
      let text = try String(contentsOfFile: records, encoding: .utf8)
      let lines = text.split(separator: "\n")
      #expect(text.hasSuffix("\n") && (1..<TinyModel.count).contains(lines.count))
      for line in lines {
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
      }
      #expect(
        run.error.contains(
          "gauntlet: interrupted after \(lines.count) of 40 examples; "
            + "records complete up to index \(lines.count - 1)\n"))
      #expect(!FileManager.default.fileExists(atPath: json))
    }
  }

  @Test func dataThatDoNotFitTheModelAreRefused() throws {
    try TinyModel.with { tiny in
      func evaluate(_ data: String) throws -> Command {
        try Command.run(["evaluate", "--model", tiny.model, "--data", data, "--attack", "none"])
      }
      let cases: [(name: String, values: [Float], labels: [Int], message: String)] = [
        ("wide", [Float](repeating: 0, count: 20), [0], "images are [1, 4, 5]"),
        ("label", [Float](repeating: 0, count: 16), [7], "example 0 has label 7"),
        ("nan", [Float](repeating: .nan, count: 16), [0], "nan"),
        ("bytes", [Float](repeating: 255, count: 16), [0], "255"),
      ]
      for (name, values, labels, message) in cases {
        let path = "\(tiny.folder)/\(name).npz"
        try tiny.write(values, labels, to: path)
        let run = try evaluate(path)
        #expect(run.status == 65, "\(name)")
        #expect(run.error.contains(message), "\(run.error)")
        #expect(run.output == "")
      }
    }
  }

  @Test func inspectSaysWhatIsInTheFile() throws {
    try TinyModel.with { tiny in
      let run = try Command.run(["inspect", tiny.model])
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("operators   Flatten 1, MatMul 1"))
      #expect(run.output.contains("classes     3"))
      let json = try Command.run(["inspect", "--json", tiny.model])
      let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
      #expect((document as? [String: Any])?["parameters"] as? Int == 48)
    }
  }
}
