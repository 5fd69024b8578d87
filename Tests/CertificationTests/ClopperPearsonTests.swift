import TestSupport
import Testing

import Certification

@Suite struct ClopperPearsonTests {
  @Test func agreesWithFiftyDigitsFromTheSafeSide() throws {
    for point in try Bounds.read().clopperPearson {
      let lower = ClopperPearson.lower(
        successes: point.count, draws: point.n, alpha: point.alpha)
      let upper = ClopperPearson.upper(
        successes: point.count, draws: point.n, alpha: point.alpha)
      #expect(lower <= point.lower && upper >= point.upper)
      expectClose(lower, point.lower, .safeMargin)
      expectClose(upper, point.upper, .safeMargin)
    }
  }

  @Test(.enabled(if: Shared.exists, Shared.hint)) func agreesWithIndependentFigures() throws {
    for point in try Vectors.read().clopper_pearson {
      let alpha = point.alpha / Double(point.hypotheses)
      expectClose(
        ClopperPearson.lower(successes: point.count, draws: point.n, alpha: alpha), point.lower,
        .reference)
      expectClose(
        ClopperPearson.upper(successes: point.count, draws: point.n, alpha: alpha), point.upper,
        .reference)
    }
  }
}
