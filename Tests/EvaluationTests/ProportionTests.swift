import Evaluation
import TestSupport
import Testing

@Suite struct ProportionTests {
  /// The formula evaluated in Python, and by hand for 0 of 10: upper end z²/(n+z²) = 3.8415/13.8415
  /// = 0.27753.
  @Test(arguments: [
    (0, 10, 0.0, 0.2775327998628892), (10, 10, 0.7224672001371109, 1.0),
    (5, 10, 0.236593090512564, 0.7634069094874361), (1, 1, 0.2065493143772375, 1.0),
    (81, 263, 0.2552885198782742, 0.3662095769828000),
    (9900, 10000, 0.9878530177448853, 0.9917706638518516),
  ])
  func agreesWithTheTable(correct: Int, count: Int, low: Double, high: Double) {
    let interval = Proportion(correct, of: count).interval()
    expectClose(interval.lowerBound, low, Tolerance(relative: 1e-12, absolute: 1e-12))
    expectClose(interval.upperBound, high, Tolerance(relative: 1e-12, absolute: 1e-12))
  }

  @Test func containsTheShareAndStaysWithinZeroAndOne() {
    for count in [1, 2, 7, 100] {
      for correct in 0...count {
        let proportion = Proportion(correct, of: count)
        let interval = proportion.interval()
        #expect(interval.contains(proportion.value))
        #expect(interval.lowerBound >= 0 && interval.upperBound <= 1)
      }
    }
  }
}
