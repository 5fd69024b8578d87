import Evaluation
import Foundation
import Report
import Testing

@Suite struct EvaluationResultTests {
  @Test func theTableIsAligned() throws {
    let text = try Sample.run().result.text
    #expect(
      text == """
        model  a folder/<model>.onnx  (onnx, sha256 00ff)
        data   data  (test, 8 examples from index 0, values 0 to 1)
        seed   9

        clean accuracy  100.0 %  (95 % interval 67.6-100.0, 8 of 8)

        attack  norm          epsilon  accuracy  95 % interval  correct  fooled  at 8 bit  median linf  median l2  gradients   time
        shift   linf              0.1    75.0 %      40.9-92.9        6     2/8         2          0.1        0.2          0  0.5 s
        shift   linf  60/255 (0.2353)    37.5 %      13.7-69.4        3     5/8         5       0.2353     0.4706

        epsilon is in the units of the data, 0 to 1; accuracy is over all 8 examples
        fooled: recorded images that meet the goal, of the examples attacked; time: of one thread, all sizes

        """)
  }

  @Test func jsonHasTheDocumentedFieldsAndReadsBack() throws {
    let result = try Sample.run().result
    let text = try result.json()
    #expect(try JSONDecoder().decode(EvaluationResult.self, from: Data(text.utf8)) == result)
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(
      Set(document.keys)
        .isSuperset(of: [
          "schemaVersion", "tool", "model", "data", "seed", "clean", "attacks", "worstCase",
        ]))
    let attack = try #require((document["attacks"] as? [[String: Any]])?.first)
    for field in [
      "name", "parameters", "norm", "epsilon", "label", "examples", "correct", "accuracy",
      "interval", "certified",
    ] {
      #expect(attack[field] != nil, "\(field)")
    }
    #expect(attack["certified"] is NSNull)
    #expect((attack["interval"] as? [Double])?.count == 2)
    #expect((attack["parameters"] as? [String: String]) == ["note": "a,\"b\""])
  }

  @Test func csvHasOneRectangleAndQuotesWhatItMust() throws {
    let csv = try Sample.run().result.csv
    let lines = csv.components(separatedBy: "\r\n")
    #expect(lines.last == "" && lines.count == 1 + 1 + 2 + 2 + 1)
    #expect(lines[2].contains(",\"note=a,\"\"b\"\"\","))
    let columns = lines[0].split(separator: ",").count
    // Quoted commas aside, every row has as many cells.
    for line in lines.dropLast() {
      let plain = line.replacingOccurrences(of: "\"note=a,\"\"b\"\"\"", with: "")
      #expect(plain.split(separator: ",", omittingEmptySubsequences: false).count == columns)
    }
  }

  @Test func signsOfQuietFailureAreTold() throws {
    var result = try Sample.run().result
    #expect(result.findings(classCount: 4) == [])
    result.attacks[0].attack = "fgsm"
    result.attacks[0].gradients = 8
    result.attacks[0].zeroGradients = 3
    result.attacks[0].zeroGradientExamples = 2
    result.attacks[0].proposalsOutside = 1
    var iterated = result.attacks[0]
    iterated.name = "madry"
    iterated.attack = "madry"
    iterated.gradients = 80
    iterated.zeroGradients = 0
    iterated.proposalsOutside = 0
    iterated.successes -= 1
    result.attacks.append(iterated)
    var huge = iterated
    huge.epsilon = 0.6
    huge.epsilonText = "0.6"
    huge.interval = 0.4...0.9
    result.attacks.append(huge)
    let findings = result.findings(classCount: 4)
    #expect(findings.count == 4)
    #expect(findings.contains { $0.contains("3 of 8 gradients were zero, on 2 of 8") })
    #expect(findings.contains { $0.contains("1 proposed images were outside of the ball") })
    #expect(findings.contains { $0.hasPrefix("shift at epsilon 0.1 fools 2 images, more than") })
    #expect(findings.contains { $0.hasPrefix("madry at epsilon 0.6 could erase the whole image") })
  }
}
