import Foundation
import Privacy
import Testing

@Suite struct CanaryAuditTests {
  /// Scores that show every coin.
  @Test func certainScoresProveWhatTheirNumberAllows() throws {
    let included = (0..<1000).map { $0 % 2 == 0 }
    let audit = try CanaryAudit(
      scores: included.map { $0 ? 1 : 0 }, included: included, delta: 0, confidence: 0.95)
    #expect(audit.guesses == CanaryGuesses(canaries: 1000, guesses: 1000, correct: 1000))
    // (1 / (1 + e^-epsilon))^1000 = 0.05 / 6 at epsilon 5.337.
    #expect(audit.epsilonLowerBound > 5.33 && audit.epsilonLowerBound <= 5.338)
    #expect(try audit.pValue(epsilon: 8) > 0.05 && audit.pValue(epsilon: 4) < 1e-4)
  }

  /// Where only a few canaries show themselves, few guesses say more than many.
  @Test func theRuleFollowsTheScores() throws {
    var generator = SplitMix(state: 12)
    let included = (0..<1000).map { _ in Bool.random(using: &generator) }
    let scores = included.indices.map { index in
      included[index] && index % 8 == 0 ? 10.0 : Double.random(in: 0..<1, using: &generator)
    }
    let audit = try CanaryAudit(scores: scores, included: included, delta: 1e-5, confidence: 0.95)
    #expect(audit.rule.included == 0.03 && audit.rule.excluded == 0)
    #expect(audit.guesses == CanaryGuesses(canaries: 1000, guesses: 30, correct: 30))
  }

  /// Scores that know nothing prove nothing, whichever rule fits best: at 80 % confidence at most a
  /// fifth of the bounds is above 0.
  @Test func theBestRuleIsPaidFor() throws {
    var generator = SplitMix(state: 13)
    let wrong = try (0..<300).count { _ in
      let included = (0..<200).map { _ in Bool.random(using: &generator) }
      let scores = included.map { _ in Double.random(in: 0..<1, using: &generator) }
      return try CanaryAudit(scores: scores, included: included, delta: 0, confidence: 0.8)
        .epsilonLowerBound > 0
    }
    #expect(wrong <= 60 && wrong > 0)
  }

  @Test func scoresThatAreNotNumbersCountAsTheSmallest() throws {
    let included = (0..<100).map { $0 < 50 }
    let audit = try CanaryAudit(
      scores: included.map { $0 ? 0 : .nan }, included: included, delta: 0, confidence: 0.95)
    #expect(audit.guesses.correct == audit.guesses.guesses)
  }
}
