import Foundation
import TestSupport
import Testing

import Certification

@Suite struct ViolationRateTests {
  // Ten votes of ten bound the probability from below by 0.001^(1/10) = 0.5012, nine of nine by
  // 0.001^(1/9) = 0.4642.
  @Test func aRivalIsAheadWhereTheBoundIsAboveOneHalf() {
    #expect(PairVotes(label: 0, rival: 10, draws: 50).showRivalAhead(alpha: 0.001))
    #expect(!PairVotes(label: 0, rival: 9, draws: 50).showRivalAhead(alpha: 0.001))
    #expect(!PairVotes(label: 0, rival: 0, draws: 50).showRivalAhead(alpha: 0.001))
    #expect(!PairVotes(label: 10, rival: 0, draws: 50).showRivalAhead(alpha: 0.001))
  }

  /// Even votes are taken for a lead with probability at most alpha, and hardly less.
  @Test func evenVotesAreTakenForALeadAtMostAsOftenAsAlpha() {
    let (draws, alpha) = (400, 0.01)
    var probability = 0.0
    for rival in 0...draws
    where PairVotes(label: draws - rival, rival: rival, draws: draws).showRivalAhead(alpha: alpha) {
      probability += exp(
        lgamma(Double(draws + 1)) - lgamma(Double(rival + 1)) - lgamma(Double(draws - rival + 1))
          - Double(draws) * log(2))
    }
    #expect(probability <= alpha && probability > alpha / 2)
  }

  // 2 or 3 of 3 at one half: 4 / 8. 1 or more of n: 1 - (1 - p)^n.
  @Test func tailsAreBinomial() {
    expectClose(ViolationRate(violations: 2, examples: 3).tail(rate: 0.5), 0.5, .exactSum)
    expectClose(
      ViolationRate(violations: 1, examples: 100).tail(rate: 0.002), 1 - pow(0.998, 100),
      .exactSum)
    #expect(ViolationRate(violations: 0, examples: 3).tail(rate: 0) == 1)
    #expect(ViolationRate(violations: 1, examples: 3).tail(rate: 0) == 0)
    #expect(ViolationRate(violations: 3, examples: 3).tail(rate: 1) == 1)
  }

  // At a rate of 0.002 among 100: P(3 or more) = 0.00114, P(4 or more) = 0.000054.
  @Test func refutesWhatChanceDoesNotExplain() {
    #expect(!ViolationRate(violations: 3, examples: 100).refutes(alpha: 0.001, trialAlpha: 0.001))
    #expect(ViolationRate(violations: 4, examples: 100).refutes(alpha: 0.001, trialAlpha: 0.001))
    #expect(!ViolationRate(violations: 4, examples: 100).refutes(alpha: 0.9, trialAlpha: 0.2))
  }

  // 1 - 0.025^(1/100) = 0.03622: the rule of three, two-sided.
  @Test func intervalsAreExact() {
    let none = ViolationRate(violations: 0, examples: 100).interval
    #expect(none.lowerBound == 0)
    expectClose(none.upperBound, 1 - pow(0.025, 0.01), .exactSum)
  }
}

extension Tolerance {
  /// A few roundings of double precision, and the safe side.
  static let exactSum = Tolerance(relative: 1e-10, absolute: 1e-15)
}
