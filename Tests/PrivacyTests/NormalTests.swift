import TestSupport
import Testing

import Privacy

@Suite struct NormalTests {
  let points: Mechanisms

  init() throws { points = try Mechanisms.all.get() }

  @Test func agreesWithEightyDigits() {
    for point in points.normal {
      expectClose(Normal.cumulative(point.x), point.cumulative, .doubles)
      expectClose(Normal.upperTail(point.x), point.upperTail, .doubles)
      expectClose(Normal.logCumulative(point.x), point.logCumulative, .doubles)
    }
  }

  @Test func quantilesAgreeWithEightyDigits() {
    for point in points.quantiles {
      expectClose(Normal.upperQuantile(point.upperTail), point.x, .doubles)
      expectClose(Normal.quantile(point.upperTail), -point.x, .doubles)
    }
    #expect(Normal.quantile(0) == -.infinity)
    #expect(Normal.quantile(1) == .infinity)
  }

  @Test func millsRatioHasNoSeam() {
    // R falls by (1 - x R) dx between neighbouring doubles: by nothing that doubles show.
    expectClose(Normal.millsRatio(3.0), Normal.millsRatio(3.0.nextDown), .doubles)
    #expect(Normal.millsRatio(1e300) == 1e-300)
  }
}
