import Foundation
import TestSupport
import Testing

import Privacy

@Suite struct NoiseShapeTests {
  @Test func productLaplaceSpendsItsBudgetAndNotMore() throws {
    let noise = try ProductLaplace(weights: [3, 0.2, 1e-6], epsilon: 0.7, sensitivity: 2)
    let spent = noise.scales.reduce(0) { $0 + 1 / ($1 * $1) }.squareRoot() * 2
    #expect(spent <= 0.7)
    expectClose(spent, 0.7, .safeMargin)
  }

  @Test func staircaseIsPrivateAndHasItsMeanMagnitude() throws {
    let staircase = try StaircaseMechanism(epsilon: 1.3, sensitivity: 2)
    // By quadrature over the four uniform numbers, of which the place enters linearly.
    var mean = 0.0
    let cells = 4000
    for stair in 0..<40 {
      // A uniform number in the middle of the stair's interval (e^-(s+1)eps, e^-s eps).
      let top = exp(-1.3 * Double(stair))
      let inside = top * (1 + exp(-1.3)) / 2
      for cell in 0..<cells {
        let part = (Double(cell) + 0.5) / Double(cells)
        mean += top * (1 - exp(-1.3)) / Double(cells) * staircase.sample((0.7, inside, part, 0.5))
      }
    }
    expectClose(mean, staircase.meanMagnitude, Tolerance(relative: 1e-4, absolute: 0))
    #expect(staircase.sample((0.2, 0.9, 0.1, 0.5)) < 0)
    // Laplace noise of the same epsilon has 2 / 1.3.
    #expect(staircase.meanMagnitude < 2 / 1.3)
  }

  @Test(.enabled(if: Shared.exists, Shared.hint)) func agreesWithIndependentFigures() throws {
    let vectors = try Vectors.read().optimized_additive_noise
    for point in vectors.product_laplace_pure_dp {
      let noise = try ProductLaplace(
        weights: point.w, epsilon: point.epsilon, sensitivity: point.l2_sensitivity)
      for (scale, expected) in zip(noise.scales, point.laplace_scales) {
        expectClose(scale, expected, .reference)
      }
      expectClose(noise.disturbance, point.objective, .reference)
    }
    for point in vectors.staircase_1d {
      let staircase = try StaircaseMechanism(epsilon: point.epsilon, sensitivity: point.alpha)
      expectClose(staircase.meanMagnitude, point.staircase_mean_abs, .reference)
    }
    for point in vectors.gaussian_markov {
      let noise = try MomentGaussian(epsilon: point.epsilon, delta: point.delta)
      expectClose(noise.lambda, point.lambda_star, .reference)
      expectClose(noise.tau, point.tau, .reference)
      expectClose(noise.scale(), point.sigma_isotropic_alpha_1, .reference)
      let profile = try GaussianProfile(sensitivity: 1, sigma: noise.scale())
      expectClose(profile.delta(epsilon: point.epsilon), point.exact_delta, .reference)
    }
  }
}
