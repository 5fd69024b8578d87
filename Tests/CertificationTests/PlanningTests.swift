import Foundation
import NeuralNetworks
import Robustness
import TestSupport
import Testing

import Certification

@Suite struct PlanningTests {
  let planning = Planning(
    certifier: GaussianCertifier(),
    releases: [NoiseRelease(family: .gaussian, scale: 0.5, sensitivity: 2, bound: "given")],
    norm: .l2)

  @Test func reachesTheRadiusOfUnanimousVotes() throws {
    let estimator = try ClassEstimator(alpha: 0.001)
    // 0.25 Phi^-1(0.001^(1/1000)) with Phi^-1(0.99311604842) = 2.4619...
    let radius = try #require(try planning.reachableRadius(draws: 1000, estimator: estimator))
    let bounds = estimator.bounds(successes: 1000, draws: 1000)
    let again = try GaussianCertifier().radius(
      Evidence(bounds: bounds, releases: planning.releases, norm: .l2))
    #expect(radius == again)
    #expect(radius > 0.61 && radius < 0.62)
    // One draw is never enough for half of the votes at this alpha.
    #expect(try planning.reachableRadius(draws: 1, estimator: estimator) == nil)
  }

  @Test func findsTheFewestDraws() throws {
    let estimator = try ClassEstimator(alpha: 0.001)
    let draws = try #require(try planning.leastDraws(radius: 0.6, estimator: estimator))
    let enough = try #require(try planning.reachableRadius(draws: draws, estimator: estimator))
    let short = try planning.reachableRadius(draws: draws - 1, estimator: estimator) ?? 0
    #expect(enough >= 0.6 && short < 0.6)
    #expect(try planning.leastDraws(radius: 5, estimator: estimator, limit: 1_000_000) == nil)
  }

  // Scores of 1 in 1000 draws, alpha 0.001: half widths sqrt(ln 1000 / 2000) = 0.0587697 and
  // 7 ln 2000 / (3 * 999) = 0.0177532; 0.25 Phi^-1(1 - half width). What a variance may lose to
  // rounding, 2^-48, widens the second by 1e-8.
  @Test(arguments: [
    (ScoreInequality.hoeffding, 0.25 * 1.5651855869435676),
    (.empiricalBernstein, 0.25 * 2.1025356001473963),
  ])
  func scoresReachLessThanVotes(_ inequality: ScoreInequality, _ expected: Double) throws {
    var planning = planning
    planning.inequality = inequality
    let estimator = try ClassEstimator(alpha: 0.001)
    let radius = try #require(try planning.reachableRadius(draws: 1000, estimator: estimator))
    expectClose(radius, expected, Tolerance(relative: 1e-6, absolute: 0))
    #expect(radius <= expected)
  }

  @Test func theThresholdIsTheLeastLowerBound() throws {
    for certifier in [GaussianCertifier() as any Certifier, AGMCertifier(), PixelDPCertifier()] {
      var planning = planning
      planning.certifier = certifier
      let threshold = try #require(try planning.leastLower(radius: 0.11))
      func radius(_ lower: Double) throws -> Double {
        try certifier.radius(
          Evidence(
            bounds: ClassBounds(lower: lower, upper: 1 - lower), releases: planning.releases,
            norm: .l2)) ?? 0
      }
      #expect(try radius(threshold) >= 0.11)
      #expect(try radius(1 - (1 - threshold) * (1 + 1e-8)) < 0.11)
    }
    // Phi(0.11 * 4) for the exact radius.
    expectClose(
      try #require(try planning.leastLower(radius: 0.11)), 0.6700314463394064,
      Tolerance(relative: 2e-9, absolute: 0))
  }
}
