import Foundation
import TestSupport
import Testing

@Suite struct AccountCommandTests {
  @Test func saysWhatARunCosts() throws {
    try withTemporaryFolder { folder in
      let run = try Command.run(
        [
          "account", "--examples", "60000", "--batch-size", "600", "--noise-multiplier", "4",
          "--steps", "10000",
        ], in: folder.path)
      #expect(run.status == 0, "\(run.error)")
      // The well-known run: 1.26 by the moments accountant.
      #expect(run.output.contains("0.9469") && run.output.contains("1.258"))
      #expect(run.output.contains("Poisson") && run.output.contains("not covered"))
      #expect(run.error.isEmpty)
    }
  }

  @Test func writesTheSameAsJSON() throws {
    try withTemporaryFolder { folder in
      let options = [
        "account", "--examples", "60000", "--batch-size", "600", "--noise-multiplier", "4",
        "--steps", "10000", "--json",
      ]
      let run = try Command.run(options + ["-"], in: folder.path)
      #expect(run.status == 0, "\(run.error)")
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
      let bounds = try #require(document["bounds"] as? [[String: Any]])
      #expect(document["delta"] as? Double == 1e-5)
      #expect(document["relation"] as? String == "add-or-remove-one")
      #expect((document["steps"] as? [[String: Any]])?.first?["steps"] as? Int == 10000)
      let epsilons = bounds.compactMap { $0["epsilon"] as? Double }
      #expect(epsilons.first == document["epsilon"] as? Double)
      #expect(epsilons.count == 3 && epsilons[0] < 0.947 && epsilons[2] > 1.25)
      let written = try Command.run(options + ["a.json"], in: folder.path)
      #expect(written.output.contains("epsilon      0.9469"))
      let text = try String(
        contentsOf: folder.appendingPathComponent("a.json"), encoding: .utf8)
      #expect(text == run.output)
    }
  }

  /// No noise at all.
  @Test func infiniteEpsilonsAreLeftOutOfJSON() throws {
    try withTemporaryFolder { folder in
      let run = try Command.run(
        [
          "account", "--examples", "1000", "--batch-size", "10", "--noise-multiplier", "0.001",
          "--steps", "10", "--delta", "1e-12", "--json", "-",
        ], in: folder.path)
      #expect(run.status == 0, "\(run.error)")
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
      #expect(document["epsilon"] == nil)
    }
  }

  @Test func findsTheNoiseForAnEpsilon() throws {
    try withTemporaryFolder { folder in
      let run = try Command.run(
        [
          "account", "--examples", "1000", "--batch-size", "100", "--epsilon", "2", "--epochs", "5",
          "--delta", "0.01",
        ], in: folder.path)
      #expect(run.status == 0, "\(run.error)")
      let epsilon = try #require(
        run.output.split(separator: "\n").first { $0.hasPrefix("epsilon") }?
          .split(separator: " ").dropFirst().first.flatMap { Double($0) })
      #expect(epsilon <= 2 && epsilon > 1.99)
      // A delta that a whole example may be published with is warned about.
      #expect(run.error.contains("1 / 1000"))
    }
  }

  @Test func readsAnOpacusHistory() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("history.json")
      try Data(#"{"history": [[4, 0.01, 10000]], "mechanism": "rdp"}"#.utf8).write(to: path)
      let run = try Command.run(["account", "--history", "history.json"], in: folder.path)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("0.9469"))
    }
  }

  @Test(
    arguments: [
      (
        ["--examples", "10", "--batch-size", "20", "--steps", "1", "--noise-multiplier", "1"],
        "--batch-size 20"
      ),
      (["--examples", "10", "--batch-size", "2", "--noise-multiplier", "1"], "--steps"),
      (["--examples", "10", "--batch-size", "2", "--steps", "1"], "--noise-multiplier"),
      (["--history", "absent.json"], "absent.json"),
      (
        [
          "--examples", "10", "--batch-size", "2", "--steps", "1", "--noise-multiplier", "1",
          "--delta", "2",
        ], "delta is 2.0"
      ),
    ])
  func wrongCommandLinesAreNamed(arguments: [String], message: String) throws {
    try withTemporaryFolder { folder in
      let run = try Command.run(["account"] + arguments, in: folder.path)
      #expect(run.status == 64)
      #expect(run.error.contains(message), "\(run.error)")
    }
  }
}
