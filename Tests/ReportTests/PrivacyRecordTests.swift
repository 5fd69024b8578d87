import Evaluation
import Foundation
import Report
import Testing

@Suite struct PrivacyRecordTests {
  private static func record(_ claim: String = #""epsilon": 2, "#) throws -> PrivacyRecord {
    try JSONDecoder().decode(
      PrivacyRecord.self,
      from: Data(
        """
        {"weights": "00ff", "method": "dp-sgd", "claim": {\(claim)"delta": 1e-5},
         "audits": [{"accountant": "a <b>", "epsilon": 1.75}, {"accountant": "c"}]}
        """.utf8))
  }

  @Test func isOneLineOfText() throws {
    #expect(
      try Self.record().text
        == "dp-sgd, epsilon 2 at delta 1e-05; audited: 1.75 by a <b>, infinite by c")
    #expect(try Self.record("").text.hasPrefix("dp-sgd, no finite epsilon; audited"))
    let refuted = try Self.record().statement
    guard case .object(var fields) = refuted else { return #expect(Bool(false)) }
    fields["violations"] = .array([.string("noise is shared")])
    #expect(try PrivacyRecord(.object(fields)).text.hasSuffix("; UNSOUND: noise is shared"))
  }

  @Test func goesIntoEveryResult() throws {
    var run = try Sample.run()
    #expect(!run.result.text.contains("privacy"))
    run.result.privacy = try Self.record()
    #expect(
      run.result.text.contains("\nprivacy of the training data: dp-sgd, epsilon 2 at delta 1e-05;"))
    let lines = run.result.csv.components(separatedBy: "\r\n").dropLast()
    #expect(
      lines[0].hasSuffix(",privacy_method,claimed_epsilon,claimed_delta,audited_epsilon"))
    #expect(lines.dropFirst().allSatisfy { $0.hasSuffix(",dp-sgd,2.0,1e-05,1.75") })
    let json = try run.result.json()
    #expect(try JSONDecoder().decode(EvaluationResult.self, from: Data(json.utf8)) == run.result)
    #expect(json.contains(#""accountant" : "a <b>""#))
  }
}
