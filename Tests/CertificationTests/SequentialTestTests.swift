import Foundation
import TestSupport
import Tensors
import Testing

import Certification

@Suite struct SequentialTestTests {
  /// Draws until there is a decision, in chunks.
  static func run(
    _ probability: Double, threshold: Double, alpha: Double, maximum: Int, chunk: Int, seed: Int
  ) throws -> SequentialTest {
    var test = try SequentialTest(threshold: threshold, alpha: alpha, maximum: maximum)
    let uniforms = RandomKey(seed: 7, purpose: .test, example: seed).uniforms(maximum)
    var start = 0
    while test.decision == nil {
      let end = min(start + chunk, maximum)
      test.add(
        successes: uniforms[start..<end].count { Double($0) < probability }, draws: end - start)
      start = end
    }
    return test
  }

  /// At the threshold itself, where wrong claims are most frequent, they are no more frequent than
  /// alpha: their count in 4000 runs is within 4 standard deviations above it.
  @Test(arguments: [(0.6, 1), (0.84, 1), (0.84, 32), (0.97, 8)])
  func claimsWronglyAtMostAsOftenAsAlpha(threshold: Double, chunk: Int) throws {
    let runs = 4000
    let alpha = 0.05
    let wrong = try (0..<runs).count { seed in
      try Self.run(
        threshold, threshold: threshold, alpha: alpha, maximum: 200, chunk: chunk, seed: seed
      ).decision == .above
    }
    let mean = alpha * Double(runs)
    #expect(Double(wrong) <= mean + 4 * (mean * (1 - alpha)).squareRoot())
    // The last look alone has four fifths of alpha: the test does claim something.
    #expect(wrong > 0)
  }

  /// The votes of a classifier: most examples are clear one way or the other.
  @Test func drawsTenTimesLessForTheSameDecisions() throws {
    let (threshold, alpha, maximum) = (0.8413447460685429, 0.001, 1000)
    let probabilities =
      Array(repeating: 0.9995, count: 12) + [0.995, 0.99, 0.98, 0.95] + [0.6, 0.4, 0.2, 0.05]
    var draws = 0
    var agreements = 0
    var examples = 0
    for repetition in 0..<10 {
      for (index, probability) in probabilities.enumerated() {
        let seed = 10_000 + repetition * 100 + index
        let test = try Self.run(
          probability, threshold: threshold, alpha: alpha, maximum: maximum, chunk: 16, seed: seed)
        let uniforms = RandomKey(seed: 7, purpose: .test, example: seed).uniforms(maximum)
        let all = uniforms.count { Double($0) < probability }
        let fixed =
          ClopperPearson.lower(successes: all, draws: maximum, alpha: alpha) >= threshold
        agreements += fixed == (test.decision == .above) ? 1 : 0
        draws += test.draws
        examples += 1
      }
    }
    #expect(agreements == examples)
    let saved = Double(maximum * examples) / Double(draws)
    #expect(saved > 10, "\(saved) times fewer draws")
  }

  @Test func doesNotDependOnTheChunksOnceTheLastIsIn() throws {
    // At its level the last look decides alike, however the votes came.
    for chunk in [1, 7, 300] {
      var test = try SequentialTest(threshold: 0.5, alpha: 0.05, maximum: 300)
      var left = 300
      // Just above the threshold of the last look: 166 of 300, alternating so that no earlier look
      // has more.
      var successes = 0
      while left > 0, test.decision == nil {
        let draws = min(chunk, left)
        left -= draws
        let target = 166 * (300 - left) / 300
        test.add(successes: target - successes, draws: draws)
        successes = target
      }
      #expect(test.decision == .above)
      #expect(test.draws == 300)
    }
  }

  @Test func stopsWhereTheRestCannotDecide() throws {
    var test = try SequentialTest(threshold: 0.99, alpha: 0.001, maximum: 1000)
    // Unanimous votes reach 0.9931 (at alpha), and two failures leave less than 0.99.
    #expect(test.add(successes: 0, draws: 2) == .notShown)
    // Unanimous votes of 600 reach 0.9884 only.
    var short = try SequentialTest(threshold: 0.99, alpha: 0.001, maximum: 600)
    #expect(short.add(successes: 1, draws: 1) == .notShown)
  }

  @Test func refusesWhatHasNoMeaning() {
    #expect(
      throws: CertificationError.parameter(
        name: "threshold", problem: "is 1.0, expected a number in (0, 1)")
    ) {
      try SequentialTest(threshold: 1, alpha: 0.1, maximum: 10)
    }
    #expect(
      throws: CertificationError.parameter(
        name: "maximum", problem: "is 0, expected at least 1")
    ) {
      try SequentialTest(threshold: 0.5, alpha: 0.1, maximum: 0)
    }
  }
}
