import Foundation
import TestSupport
import Testing

import Privacy

@Suite struct IncompleteBetaTests {
  struct Bounds: Decodable {
    struct Tail: Decodable { var x, a, b, logLower, logUpper: Double }
    var tails: [Tail]
  }

  @Test func tailsAgreeWithFiftyDigits() throws {
    let bounds = try JSONDecoder().decode(
      Bounds.self, from: Data(contentsOf: Fixtures.url("privacy/bounds.json")))
    for point in bounds.tails {
      let tails = IncompleteBeta.logTails(point.x, point.a, point.b)
      expectClose(exp(tails.lower - point.logLower), 1, .safeMargin)
      expectClose(exp(tails.upper - point.logUpper), 1, .safeMargin)
    }
  }

  @Test func betaFunctionByHand() {
    // B(3, 4) = 2! 3! / 6! = 1/60; B(1/2, 1/2) = pi.
    expectClose(exp(IncompleteBeta.logBeta(3, 4)), 1.0 / 60, .safeMargin)
    expectClose(exp(IncompleteBeta.logBeta(0.5, 0.5)), .pi, .safeMargin)
  }

  @Test func rootsByHand() {
    // I_x(1, 1) = x; I_x(n, 1) = x^n.
    #expect(IncompleteBeta.root(logLower: log(0.25), 1, 1).below <= 0.25)
    expectClose(IncompleteBeta.root(logLower: log(0.25), 1, 1).above, 0.25, .safeMargin)
    expectClose(
      IncompleteBeta.root(logLower: log(1e-12), 64, 1).above, pow(1e-12, 1.0 / 64), .safeMargin)
  }
}
