import Attacks
import Evaluation
import Foundation
import NeuralNetworks
import Robustness
import Synchronization
import Tensors
import TestSupport
import Testing

@Suite struct EvaluatorTests {
  /// Logits are the two pixels, so a step of e moves the margin by 2e: margins 0.2, 0.8 and 0.05
  /// fall at e > 0.1, 0.4 and 0.025; the third example (margin -0.5) is wrong from the start.
  @Test func agreesWithTheHandComputedCase() throws {
    let plan = try makePlan(["1", "0", "0.05", "0.15"], range: 0..<4)
    var chunks: [ChunkOutcome] = []
    let summary = try Evaluator(try Examples.identity(), Examples.pairs, plan: plan)
      .run(deliver: { chunks.append($0) })
    #expect(summary.clean == Proportion(3, of: 4))
    #expect(summary.attacks.map(\.epsilon.text) == ["0", "0.05", "0.15", "1"])
    #expect(summary.attacks.map(\.correct.correct) == [3, 2, 1, 0])
    #expect(summary.attacks.map(\.attacked) == [3, 3, 3, 3])
    #expect(summary.attacks.map(\.successes) == [0, 1, 2, 3])
    #expect(summary.worstCases.map(\.correct.correct) == [3, 2, 1, 0])
    let spread = try #require(summary.attacks[1].distances[.linf])
    expectClose(spread.mean, 0.05, .rounding)
    expectClose(spread.median, 0.05, .rounding)
    expectClose(
      try #require(summary.attacks[1].distances[.l2]).mean, 0.05 * 2.0.squareRoot(), .rounding)
    expectClose(try #require(summary.attacks[1].distances[.l1]).mean, 0.1, .rounding)
    #expect(summary.attacks[1].distances[.l0]?.mean == 2)
    let outcome = chunks[0].attacked[0][1].outcomes[2]
    #expect(!outcome.isAttacked && !outcome.isCorrect && outcome.distances == Distances())
    expectClose(Double(chunks[0].attacked[0][2].outcomes[0].margin), -0.1, .rounding)
  }

  /// A step of 0.03 moves the margin by 0.06: from 0.2 over 0.14, 0.08 and 0.02 to -0.04, which the
  /// fifth question finds. 0.8 is out of reach, -0.5 is not attacked, 0.05 falls at the second.
  @Test func recordsTellHowLongSuccessTook() throws {
    let plan = try makePlan(
      ["0.15"], attacks: [try Attacks.parse("i-fgsm:steps=5")], range: 0..<4)
    var records: [String] = []
    _ = try Evaluator(try Examples.identity(), Examples.pairs, plan: plan)
      .run(deliver: { records += $0.records(plan) })
    for (record, expected) in zip(records, ["5", "null", "null", "2"]) {
      #expect(record.contains("\"iters_to_success\":\(expected),"))
    }
    #expect(records.count == 4)
  }

  @Test func accuracyNeverRisesWithTheSize() throws {
    // Steps this long overshoot: without carrying, larger sizes would fool fewer.
    let sizes = ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    for targeting in [Targeting.untargeted, .next, .random, .leastLikely, .class(2)] {
      let plan = try makePlan(sizes, targeting: targeting, range: 0..<60)
      let summary = try Evaluator(try Examples.network(), Examples.images(60), plan: plan).run()
      let correct = summary.attacks.map(\.correct.correct)
      #expect(correct == correct.sorted(by: >))
      #expect(summary.attacks.map(\.successes) == summary.attacks.map(\.successes).sorted())
      #expect(try #require(correct.last) < summary.clean.correct)
    }
  }

  @Test func isTheSameForAnyThreadsChunksAndSplit() throws {
    func records(_ ranges: [Range<Int>], chunk: Int, threads: Int) throws -> [String] {
      try ranges.flatMap { range in
        let plan = try makePlan(
          ["0.02", "0.1"], attacks: [StepAttack(), StepAttack(start: 1)], targeting: .random,
          threads: threads, range: range, eightBit: true)
        var lines: [String] = []
        _ = try Evaluator(
          try Examples.network(chunk: chunk), Examples.images(50), plan: plan
        ).run(deliver: { lines += $0.records(plan) })
        return lines
      }
    }
    let reference = try records([0..<50], chunk: 16, threads: 1)
    #expect(reference.count == 50 * 2 * 2)
    #expect(try records([0..<50], chunk: 16, threads: 3) == reference)
    #expect(try records([0..<50], chunk: 7, threads: 2) == reference)
    #expect(try records([0..<50], chunk: 1, threads: 1) == reference)
    #expect(try records([0..<50], chunk: 128, threads: 2) == reference)
    #expect(try records([0..<25, 25..<50], chunk: 8, threads: 2) == reference)
  }

  @Test(arguments: HostileAttack.Crime.allCases, Norm.allCases)
  func holdsAttacksToTheThreatModel(crime: HostileAttack.Crime, norm: Norm) throws {
    let size = norm == .l0 ? "3" : "0.1"
    let plan = try makePlan(
      [size], attacks: [HostileAttack(crime: crime)], norm: norm, range: 0..<20)
    let evaluator = try Evaluator(try Examples.network(), Examples.images(20), plan: plan)
    if [.wrongShape, .tooFew, .throwing].contains(crime) {
      #expect(throws: (any Error).self) { try evaluator.run() }
      return
    }
    let threat = ThreatModel(norm: norm, radius: plan.entries[0].epsilons[0].radius, bounds: 0...1)
    let summary = try evaluator.run(deliver: { chunk in
      let attacked = chunk.attacked[0][0]
      #expect(attacked.images.values.allSatisfy { (0...1).contains($0) })
      for row in attacked.outcomes.indices {
        let distances = Distances(attacked.images.row(row), from: chunk.batch.images.row(row))
        #expect(threat.admits(distances), "\(distances)")
        #expect(distances == attacked.outcomes[row].distances)
      }
    })
    let attack = summary.attacks[0]
    let mended = [.notANumber, .infinite].contains(crime) ? attack.notFinite : attack.outside
    #expect(mended == attack.attacked && attack.attacked > 0)
  }

  @Test func targetsAreReachedOrCountedAsKept() throws {
    let plan = try makePlan(["0.05", "0.15", "0.5"], targeting: .class(1), range: 0..<4)
    let summary = try Evaluator(try Examples.identity(), Examples.pairs, plan: plan).run()
    // The third example is in class 1 already and is not attacked.
    #expect(summary.attacks.map(\.attacked) == [3, 3, 3])
    #expect(summary.attacks.map(\.successes) == [1, 2, 3])
    #expect(summary.attacks.map(\.correct.correct) == [2, 1, 0])
    let back = try makePlan(["0.8"], targeting: .class(0), range: 0..<4)
    let kept = try Evaluator(try Examples.identity(), Examples.pairs, plan: back).run()
    // Reaching the true class is a success of the attack and never of the model.
    #expect(kept.attacks.map(\.attacked) == [1])
    #expect(kept.attacks.map(\.successes) == [1])
    #expect(kept.attacks.map(\.correct.correct) == [3])
  }

  @Test func thePredictedLabelAttacksWhatIsMisclassifiedToo() throws {
    let plan = try makePlan(["0.5"], label: .predicted, range: 0..<4)
    let summary = try Evaluator(try Examples.identity(), Examples.pairs, plan: plan).run()
    #expect(summary.attacks[0].attacked == 4)
    #expect(summary.attacks[0].successes == 4)
    // The third is now classified as labelled, which does not make it correct.
    #expect(summary.attacks[0].correct.correct == 0)
  }

  @Test func worstCaseIsDecidedForEachExample() throws {
    // A step from the clean image and one along a random one fool different examples.
    let plan = try makePlan(
      ["0.03"], attacks: [StepAttack(), StepAttack(start: 8)], range: 0..<200)
    var expected = 0
    let summary = try Evaluator(try Examples.network(), Examples.images(200), plan: plan)
      .run(deliver: { chunk in
        for row in chunk.clean.indices
        where chunk.attacked.allSatisfy({ $0[0].outcomes[row].isCorrect }) { expected += 1 }
      })
    #expect(summary.worstCases.count == 1)
    #expect(summary.worstCases[0].correct.correct == expected)
    #expect(summary.attacks.allSatisfy { $0.correct.correct >= expected })
    #expect(plan.entries.map(\.name) == ["step", "step-2"])
  }

  @Test func aModelWithoutAnAnswerIsIncorrect() throws {
    var network = Network(inputShape: [1, 1, 2])
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [.nan, 0, 0, .nan])))
    let summary = try Evaluator(
      Classifier(network), Examples.pairs, plan: try makePlan(["0.1"], range: 0..<4)
    ).run()
    #expect(summary.clean.correct == 0 && summary.cleanUndecided == 4)
    #expect(summary.attacks[0].correct.correct == 0 && summary.attacks[0].successes == 0)
  }

  @Test func zeroGradientsAreCounted() throws {
    var network = Network(inputShape: [1, 1, 2])
    try network.append(
      Dense(
        weight: Tensor(repeating: 0, shape: [2, 2]), bias: Tensor(shape: [2], values: [1, 0])))
    let plan = try makePlan(["0.1", "0.2"], range: 0..<4)
    let summary = try Evaluator(Classifier(network), Examples.pairs, plan: plan).run()
    #expect(summary.attacks[0].cost.zero == 8 && summary.attacks[0].zeroGradientExamples == 4)
    #expect(summary.attacks[0].cost.gradients == 8 && summary.attacks[0].cost.forwards == 0)
  }

  @Test(arguments: [1, 2]) func anInterruptedRunLeavesTheFirstExamples(threads: Int) throws {
    let whole = try makePlan(["0.1"], range: 10..<50)
    var reference: [String] = []
    _ = try Evaluator(try Examples.network(chunk: 4), Examples.images(50), plan: whole)
      .run(deliver: { reference += $0.records(whole) })
    let plan = try makePlan(["0.1"], threads: threads, range: 10..<50)
    let flag = Flag()
    var lines: [String] = []
    let thrown = #expect(throws: EvaluationError.self) {
      try Evaluator(try Examples.network(chunk: 4), Examples.images(50), plan: plan).run(
        deliver: {
          lines += $0.records(plan)
          if lines.count >= 12 { flag.value.store(true, ordering: .relaxed) }
        }, isCancelled: { flag.value.load(ordering: .relaxed) })
    }
    guard case .interrupted(let done, 40, 10) = thrown else {
      Issue.record("not interrupted: \(String(describing: thrown))")
      return
    }
    #expect(done == lines.count && done >= 12 && done < 40)
    #expect(lines == Array(reference.prefix(done)))
  }

  @Test func anErrorOfTheConsumerEndsTheRun() throws {
    struct Full: Error {}
    let plan = try makePlan(["0.1"], threads: 2, range: 0..<50)
    var delivered = 0
    #expect(throws: Full.self) {
      try Evaluator(try Examples.network(chunk: 4), Examples.images(50), plan: plan)
        .run(deliver: { _ in
          delivered += 1
          if delivered == 3 { throw Full() }
        })
    }
    #expect(delivered == 3)
  }

  @Test func dataThatDoNotFitAreRefused() throws {
    let cases: [(ExampleSource, String)] = [
      (
        ExampleSource(images: Tensor(shape: [1, 1, 1, 2], values: [0, 0.5]), labels: [2]),
        "example 0: label 2 does not exist, the model has classes 0 to 1"
      ),
      (
        ExampleSource(images: Tensor(shape: [1, 1, 1, 2], values: [0, 255]), labels: [0]),
        "example 0: the value 255.0 is outside of the range 0.0 to 1.0"
      ),
      (
        ExampleSource(images: Tensor(shape: [1, 1, 1, 2], values: [0, .nan]), labels: [0]),
        "example 0: the value nan is outside of the range 0.0 to 1.0"
      ),
      (
        ExampleSource(images: Tensor(shape: [1, 1, 2, 1], values: [0, 0]), labels: [0]),
        "the model takes images of shape [1, 1, 2], the data hold [1, 2, 1]"
      ),
    ]
    for (source, message) in cases {
      #expect {
        try Evaluator(try Examples.identity(), source, plan: try makePlan(["0.1"], range: 0..<1))
          .run()
      } throws: {
        "\($0)" == message
      }
    }
  }

}

/// Set by one thread and seen by others.
final class Flag: Sendable {
  let value = Atomic<Bool>(false)
}
