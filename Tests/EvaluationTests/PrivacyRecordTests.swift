import Evaluation
import Foundation
import Testing

@Suite struct PrivacyRecordTests {
  private static let text = """
    {"weights": "00ff", "method": "dp-sgd", "claim": {"epsilon": 2, "delta": 1e-5}, "steps": 7,
     "audits": [{"accountant": "a", "epsilon": 2.5}, {"accountant": "b", "epsilon": 1.75},
                {"accountant": "c"}], "parameters": {"anything": [1, 2.5, null, true]}}
    """

  private static func read(_ text: String) throws -> PrivacyRecord {
    try JSONDecoder().decode(PrivacyRecord.self, from: Data(text.utf8))
  }

  @Test func takesWhatResultsAreLabelledWith() throws {
    let record = try Self.read(Self.text)
    #expect(record.weights == "00ff" && record.method == "dp-sgd" && !record.isPublished)
    #expect(record.epsilon == 2 && record.delta == 1e-5 && record.auditedEpsilon == 1.75)
    #expect(record.audits.map(\.epsilon) == [2.5, 1.75, nil])
  }

  @Test func keepsEveryFieldOfTheStatement() throws {
    let record = try Self.read(Self.text)
    let again = try JSONEncoder().encode(record)
    #expect(try JSONDecoder().decode(PrivacyRecord.self, from: again) == record)
    let document = try JSONSerialization.jsonObject(with: again) as? NSDictionary
    let original = try JSONSerialization.jsonObject(with: Data(Self.text.utf8)) as? NSDictionary
    #expect(document == original)
  }

  @Test func aClaimMayBeOfNothing() throws {
    let record = try Self.read(
      #"{"weights": "0", "method": "m", "mode": "published", "claim": {"delta": 0.1}}"#)
    #expect(record.epsilon == nil && record.auditedEpsilon == nil && record.isPublished)
  }

  @Test func anExportSaysWhereItCameFrom() throws {
    let record = try Self.read(Self.text).about("11aa", exportedFrom: "a.safetensors")
    #expect(record.weights == "11aa" && record.epsilon == 2)
    guard case .object(let fields) = record.statement else { return #expect(Bool(false)) }
    #expect(
      fields["exportedFrom"]
        == .object(["file": .string("a.safetensors"), "weights": .string("00ff")]))
  }

  @Test func violationsAreRead() throws {
    let record = try Self.read(
      #"{"weights": "0", "method": "m", "claim": {"delta": 0}, "violations": ["a", "b"]}"#)
    #expect(record.violations == ["a", "b"])
  }

  @Test(arguments: [
    (
      #"{"weights": "0", "method": "m", "claim": {"delta": 0}, "violations": [1]}"#,
      "field 'violations' is to hold texts"
    ),
    ("[]", "is not a JSON object"),
    (#"{"method": "m", "claim": {"delta": 0}}"#, "field 'weights' is to be a text"),
    (#"{"weights": "0", "claim": {"delta": 0}}"#, "field 'method' is to be a text"),
    (#"{"weights": "0", "method": "m"}"#, "field 'claim' is to be an object with a delta"),
    (
      #"{"weights": "0", "method": "m", "claim": {"delta": "x"}}"#,
      "field 'claim.delta' is to be a number"
    ),
    (
      #"{"weights": "0", "method": "m", "claim": {"delta": 0, "epsilon": -1}}"#,
      "field 'claim.epsilon' is to be at least 0"
    ),
    (
      #"{"weights": "0", "method": "m", "claim": {"delta": 0}, "audits": [{}]}"#,
      "field 'audits[0]' is to be an object with an accountant"
    ),
  ])
  func wrongFieldsAreNamed(text: String, message: String) throws {
    let error = try #require(throws: DecodingError.self) { try Self.read(text) }
    guard case .dataCorrupted(let context) = error else { return #expect(Bool(false), "\(error)") }
    #expect(context.debugDescription == message)
  }
}
