import Foundation
import Privacy
import TestSupport
import Testing

@Suite struct CanaryGuessesTests {
  /// What `Fixtures/privacy/generate_audit.py` computed.
  private struct References: Decodable {
    struct Value: Decodable {
      var canaries, guesses, correct: Int
      var epsilon, delta, pValue: Double
    }
    struct Bound: Decodable {
      var canaries, guesses, correct: Int
      var delta, confidence, epsilon: Double
    }
    var values: [Value]
    var bounds: [Bound]

    static func read() throws -> References {
      try JSONDecoder().decode(
        References.self, from: Data(contentsOf: Fixtures.url("privacy/audit.json")))
    }
  }

  /// One canary, guessed right: P[W >= 1] = e^epsilon / (1 + e^epsilon) = q and the window of one
  /// is P[W = 0] = 1 - q, so q + 2 delta (1 - q). The best that (epsilon, delta) allows, q + delta
  /// (1 - q) of a coin told outright with probability delta, is below.
  @Test(arguments: [0, 0.5, 3], [0, 0.01])
  func oneCanaryByHand(epsilon: Double, delta: Double) throws {
    let q = exp(epsilon) / (1 + exp(epsilon))
    let guess = CanaryGuesses(canaries: 1, guesses: 1, correct: 1)
    expectClose(
      try guess.pValue(epsilon: epsilon, delta: delta), q + 2 * delta * (1 - q), .safeMargin)
  }

  /// Four of four at epsilon 0: 1/16, and the means of the windows below are 4/16, 10/32, 14/48 and
  /// 15/64, of which the second is the largest.
  @Test func fourCanariesByHand() throws {
    let guesses = CanaryGuesses(canaries: 4, guesses: 4, correct: 4)
    expectClose(
      try guesses.pValue(epsilon: 0, delta: 0.01), 1.0 / 16 + 2 * 4 * 0.01 * 10 / 32, .safeMargin)
  }

  @Test func agreesWithSumsOfSixtyDigits() throws {
    for value in try References.read().values {
      let guesses = CanaryGuesses(
        canaries: value.canaries, guesses: value.guesses, correct: value.correct)
      expectClose(
        try guesses.pValue(epsilon: value.epsilon, delta: value.delta), value.pValue,
        .reference)
    }
  }

  @Test func boundsAgreeWithSumsOfSixtyDigits() throws {
    for bound in try References.read().bounds {
      let guesses = CanaryGuesses(
        canaries: bound.canaries, guesses: bound.guesses, correct: bound.correct)
      let found = try guesses.epsilonLowerBound(delta: bound.delta, confidence: bound.confidence)
      #expect(found == bound.epsilon, "\(bound)")
    }
  }

  /// More right guesses, more confidence spent and less delta never make the bound smaller.
  @Test func boundsGrowWithWhatSpeaksForThem() throws {
    func bound(_ correct: Int, _ delta: Double, _ confidence: Double) throws -> Double {
      try CanaryGuesses(canaries: 400, guesses: 100, correct: correct)
        .epsilonLowerBound(delta: delta, confidence: confidence)
    }
    var last = 0.0
    for correct in 0...100 {
      let next = try bound(correct, 1e-5, 0.95)
      #expect(next >= last, "\(correct) right")
      #expect(try bound(correct, 1e-4, 0.95) <= next && bound(correct, 1e-5, 0.99) <= next)
      last = next
    }
    #expect(last > 3)
  }

  /// Randomised response tells a coin rightly with probability e^epsilon / (1 + e^epsilon), and
  /// here outright with probability delta: as much as (epsilon, delta) allows. At 90 % confidence
  /// the bound may be too large in a tenth of the runs.
  @Test(arguments: [(0.5, 0.0), (1.0, 0.0), (3.0, 0.0), (1.0, 0.001)])
  func holdsForRandomisedResponse(epsilon: Double, delta: Double) throws {
    var generator = SplitMix(state: 71)
    let truth = delta + (1 - delta) / (1 + exp(-epsilon))
    let (runs, count) = (400, 600)
    var (tooLarge, sum) = (0, 0.0)
    for _ in 0..<runs {
      let correct = (0..<count).count { _ in Double.random(in: 0..<1, using: &generator) < truth }
      let bound = try CanaryGuesses(canaries: count, guesses: count, correct: correct)
        .epsilonLowerBound(delta: delta, confidence: 0.9)
      if bound > epsilon { tooLarge += 1 }
      sum += bound
    }
    #expect(tooLarge <= runs / 10)
    #expect(sum / Double(runs) > (delta == 0 ? 0.7 : 0.4) * epsilon)
  }

  @Test func numbersOutOfRangeAreNamed() {
    let guesses = CanaryGuesses(canaries: 4, guesses: 4, correct: 4)
    #expect(throws: PrivacyError.parameter(name: "delta", value: 2, expected: "a number in [0, 1]"))
    {
      try guesses.pValue(epsilon: 1, delta: 2)
    }
    #expect(
      throws: PrivacyError.parameter(
        name: "epsilon", value: -1, expected: "a number of at least 0")
    ) { try guesses.pValue(epsilon: -1, delta: 0) }
    #expect(
      throws: PrivacyError.parameter(name: "confidence", value: 1, expected: "a number in (0, 1)")
    ) { try guesses.epsilonLowerBound(delta: 0, confidence: 1) }
  }
}

/// G. L. Steele et al., "Fast Splittable Pseudorandom Number Generators", 2014: seeded draws for
/// tests of a module that has no generator of its own.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
