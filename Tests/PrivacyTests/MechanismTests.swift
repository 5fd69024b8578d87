import Foundation
import TestSupport
import Testing

import Privacy

@Suite struct MechanismTests {
  let points: Mechanisms

  init() throws { points = try Mechanisms.all.get() }

  @Test func analyticScaleIsTheSmallestFromTheSafeSide() throws {
    for point in points.scales {
      let scale = try Mechanism.analytic.scale(epsilon: point.epsilon, delta: point.delta)
      #expect(scale >= point.analytic)
      expectClose(scale, point.analytic, .safeMargin)
    }
  }

  @Test func scalesGrowWithTheSensitivity() throws {
    for mechanism in Mechanism.allCases {
      let one = try mechanism.scale(epsilon: 0.5, delta: 1e-5)
      let five = try mechanism.scale(epsilon: 0.5, delta: 1e-5, sensitivity: 5)
      expectClose(five, 5 * one, .safeMargin)
    }
  }

  @Test(
    arguments: [0.01, 0.3, 0.99, 1, 4.5, 30, 2000], [1e-300, 1e-12, 1e-5, 0.01, 0.3, 0.9, 0.9999])
  func gaussianScalesMeetDelta(epsilon: Double, delta: Double) throws {
    for mechanism in [Mechanism.classic, .extended, .analytic]
    where mechanism != .classic || epsilon < 1 {
      let sigma = try mechanism.scale(epsilon: epsilon, delta: delta)
      let profile = try GaussianProfile(sensitivity: 1, sigma: sigma)
      #expect(profile.logDelta(epsilon: epsilon) <= log(delta))
    }
  }

  @Test func refusesWhatHasNoMeaningOrNoProof() throws {
    #expect(
      throws: PrivacyError.parameter(
        name: "epsilon", value: 0, expected: "a positive finite number")
    ) {
      try Mechanism.analytic.scale(epsilon: 0, delta: 1e-5)
    }
    #expect(
      throws: PrivacyError.parameter(
        name: "delta", value: 1, expected: "a number in (0, 1)")
    ) {
      try Mechanism.extended.scale(epsilon: 1, delta: 1)
    }
    #expect(
      throws: PrivacyError.parameter(
        name: "sensitivity", value: -1, expected: "a positive finite number")
    ) {
      try Mechanism.laplace.scale(epsilon: 1, delta: 0, sensitivity: -1)
    }
    #expect(
      throws: PrivacyError.notProved(
        problem: "the classic Gaussian mechanism is proved for an epsilon below 1, not 1.0")
    ) {
      try Mechanism.classic.scale(epsilon: 1, delta: 1e-5)
    }
    let unproved = try Mechanism.classic.scale(epsilon: 10, delta: 1e-5, beyondProof: true)
    let profile = try GaussianProfile(sensitivity: 1, sigma: unproved)
    #expect(profile.delta(epsilon: 10) > 2e-5)
  }

  @Test(.enabled(if: Shared.exists, Shared.hint)) func agreesWithIndependentFigures() throws {
    let vectors = try Vectors.read()
    for point in vectors.mechanisms {
      let (epsilon, delta) = (point.epsilon, point.delta)
      func scale(_ mechanism: Mechanism) throws -> Double {
        try mechanism.scale(
          epsilon: epsilon, delta: delta, sensitivity: point.sensitivity, beyondProof: true)
      }
      func exact(_ sigma: Double) throws -> Double {
        try GaussianProfile(sensitivity: point.sensitivity, sigma: sigma).delta(epsilon: epsilon)
      }
      expectClose(try scale(.classic), point.sigma_gm, .reference)
      expectClose(try scale(.extended), point.sigma_egm, .reference)
      expectClose(try scale(.analytic), point.sigma_agm, .reference)
      expectClose(try exact(point.sigma_gm), point.exact_delta_at_sigma_gm, .reference)
      expectClose(try exact(point.sigma_egm), point.exact_delta_at_sigma_egm, .reference)
      expectClose(
        try exact(point.sigma_egm_one_sided), point.exact_delta_at_sigma_egm_one_sided, .reference)
      #expect(try (exact(point.sigma_gm) <= delta) == point.gm_formula_actually_satisfies_delta)
    }
    for point in vectors.egm_large_delta_edges {
      let scale = try Mechanism.extended.scale(epsilon: point.epsilon, delta: point.delta)
      expectClose(scale, point.condition2_s_clamped_at_0, .reference)
      let profile = try GaussianProfile(sensitivity: 1, sigma: point.condition2_s_clamped_at_0)
      expectClose(
        profile.delta(epsilon: point.epsilon), point.exact_delta_at_condition2, .reference)
      if let sigma = point.sigma_agm {
        let analytic = try Mechanism.analytic.scale(epsilon: point.epsilon, delta: point.delta)
        expectClose(analytic, sigma, .reference)
      }
    }
    for point in vectors.laplace {
      let scale = try Mechanism.laplace.scale(
        epsilon: point.epsilon, delta: 0, sensitivity: point.l1_sensitivity)
      expectClose(scale, point.scale_b, .reference)
    }
    for point in vectors.figure1 {
      let extended = try Mechanism.extended.scale(epsilon: point.epsilon, delta: point.delta)
      expectClose(extended, point.sigma_egm_equals_hgm_uniform_r, .reference)
      let analytic = try Mechanism.analytic.scale(epsilon: point.epsilon, delta: point.delta)
      expectClose(analytic, point.sigma_agm, .reference)
    }
  }
}
