import Robustness
import TestSupport
import Testing

import Certification

@Suite struct ClassEstimatorTests {
  @Test func boundsRivalsByWhatTheTopClassLeaves() throws {
    let bounds = try ClassEstimator(alpha: 0.001).bounds(votes: [0, 1000, 0], top: 1)
    // Unanimous votes: the bound is alpha^(1/n).
    expectClose(bounds.lower, 0.9931160484209338, .safeMargin)
    #expect(bounds.upper >= 1 - bounds.lower)
    expectClose(bounds.upper, 1 - bounds.lower, .safeMargin)
  }

  @Test func unionBoundsEachClassByItself() throws {
    let union = try ClassEstimator(alpha: 0.003, rivals: .union)
    let bounds = union.bounds(votes: [600, 300, 100], top: 0)
    #expect(bounds.lower == ClopperPearson.lower(successes: 600, draws: 1000, alpha: 0.001))
    #expect(bounds.upper == ClopperPearson.upper(successes: 300, draws: 1000, alpha: 0.001))
    // One class is clearly first, but not with more than half of the votes.
    let plural = union.bounds(votes: [450, 300, 250], top: 0)
    let complement = try ClassEstimator(alpha: 0.003).bounds(votes: [450, 300, 250], top: 0)
    #expect(plural.lower > plural.upper)
    #expect(complement.lower < complement.upper)
  }

  @Test func scoresThatVaryLittleAreBoundedCloserByTheirVariance() throws {
    var scores = [ScoreStatistics(), ScoreStatistics()]
    for draw in 0..<2000 {
      let score = 0.9 + 0.01 * Double(draw % 3)
      scores[0].add(score)
      scores[1].add(1 - score)
    }
    for rivals in ClassEstimator.Rivals.allCases {
      let estimator = try ClassEstimator(alpha: 0.01, rivals: rivals)
      let wide = estimator.bounds(scores: scores, top: 0, by: .hoeffding)
      let narrow = estimator.bounds(scores: scores, top: 0, by: .empiricalBernstein)
      #expect(wide.lower < narrow.lower && narrow.lower < scores[0].mean)
      #expect(wide.upper > narrow.upper && narrow.upper > scores[1].mean)
    }
  }

  @Test func refusesAnAlphaOutsideOfItsRange() {
    #expect(
      throws: CertificationError.parameter(
        name: "alpha", problem: "is 1.0, expected a number in (0, 1)")
    ) {
      try ClassEstimator(alpha: 1)
    }
  }

  @Test(.enabled(if: Shared.exists, Shared.hint)) func widthsAgreeWithIndependentFigures() throws {
    let vectors = try Vectors.read()
    for point in vectors.hoeffding {
      let width = ScoreStatistics(draws: point.n)
        .halfWidth(.hoeffding, alpha: point.alpha / Double(point.hypotheses))
      expectClose(width, point.half_width, .reference)
    }
    for point in vectors.empirical_bernstein {
      let scores = ScoreStatistics(
        draws: point.n, sum: try #require(point.sum),
        sumOfSquares: try #require(point.sum_of_squares))
      expectClose(scores.variance, try #require(point.sample_variance), .reference)
      let width = scores.halfWidth(
        .empiricalBernstein, alpha: point.alpha / Double(point.hypotheses))
      expectClose(width, point.half_width, .reference)
    }
  }
}
