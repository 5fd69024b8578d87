import Foundation
import Testing

@Suite struct FalsifyCommandTests {
  @Test func catchesPublishedFormulasOnTheirCounterexamples() throws {
    let run = try Command.run(["falsify", "--counterexamples", "--json", "-"])
    #expect(run.status == 0, "\(run.error)")
    struct Example: Decodable {
      struct Outcome: Decodable {
        struct Finding: Decodable {
          struct Violation: Decodable { var distance: Double }
          var violation: Violation?
        }
        var certifier: String
        var isSound: Bool
        var finding: Finding
      }
      var refutes: String
      var outcomes: [Outcome]
    }
    let examples = try JSONDecoder().decode([Example].self, from: Data(run.output.utf8))
    #expect(examples.count == 4)
    for example in examples {
      let caught = example.outcomes.filter { $0.finding.violation != nil }
      #expect(caught.contains { $0.certifier == example.refutes })
      #expect(caught.allSatisfy { !$0.isSound })
    }
  }

  @Test(arguments: [
    (["--counterexamples", "--noise", "gaussian:scale=1"], "brings models, data and noise"),
    ([], "--model and --data are needed"),
    (["--model", "m", "--data", "d", "--sequential"], "--sequential has no meaning"),
  ])
  func meaninglessCommandLinesAreRefused(_ arguments: [String], _ message: String) throws {
    let run = try Command.run(["falsify"] + arguments)
    #expect(run.status == 64)
    #expect(run.error.contains(message), "\(run.error)")
  }
}
