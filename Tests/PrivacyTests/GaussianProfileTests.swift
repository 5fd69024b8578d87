import TestSupport
import Testing

import Privacy

@Suite struct GaussianProfileTests {
  let points: Mechanisms

  init() throws { points = try Mechanisms.all.get() }

  @Test func deltaIsExactFromTheSafeSide() throws {
    for point in points.profiles {
      let profile = try GaussianProfile(sensitivity: point.sensitivity, sigma: point.sigma)
      let delta = profile.delta(epsilon: point.epsilon)
      #expect(delta >= point.delta)
      expectClose(delta, point.delta, .safeMargin)
      expectClose(profile.logDelta(epsilon: point.epsilon), point.logDelta, .safeMargin)
    }
  }

  @Test func epsilonIsExactFromTheSafeSide() throws {
    for point in points.epsilons {
      let profile = try GaussianProfile(sensitivity: point.sensitivity, sigma: point.sigma)
      let epsilon = try profile.epsilon(delta: point.delta)
      #expect(epsilon >= point.epsilon)
      expectClose(epsilon, point.epsilon, .safeMargin)
    }
  }

  @Test func needsNoEpsilonWhereDeltaIsTheDistance() throws {
    // delta(0) = 2 Phi(a/2) - 1, the distance in total variation; 0.3829 for a = 1.
    let profile = try GaussianProfile(sensitivity: 2, sigma: 2)
    #expect(try profile.epsilon(delta: 0.383) == 0)
    #expect(try profile.epsilon(delta: 0.3829) > 0)
    #expect(throws: PrivacyError.self) { try profile.epsilon(delta: 0) }
  }

  @Test(.enabled(if: Shared.exists, Shared.hint)) func agreesWithIndependentFigures() throws {
    for point in try Vectors.read().gaussian_privacy_profile {
      let profile = try GaussianProfile(sensitivity: point.sensitivity, sigma: point.sigma)
      expectClose(profile.logDelta(epsilon: point.epsilon), point.log_delta, .reference)
      expectClose(profile.delta(epsilon: point.epsilon), point.delta, .reference)
    }
  }
}
