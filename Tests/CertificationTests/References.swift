import Foundation
import NeuralNetworks
import Robustness
import TestSupport

extension Tolerance {
  /// The margin to the safe side, and rounding.
  static let safeMargin = Tolerance(relative: 1e-12, absolute: 1e-300)
}

/// The figures that `Fixtures/privacy/generate.py` computed with 50 digits.
struct Bounds: Decodable {
  static func read() throws -> Bounds {
    try JSONDecoder().decode(
      Bounds.self, from: Data(contentsOf: Fixtures.url("privacy/bounds.json")))
  }

  struct Binomial: Decodable {
    var n, count: Int
    var alpha, lower, upper: Double
  }
  var clopperPearson: [Binomial]
}

/// Independent figures beside the checkout.
struct Vectors: Decodable {
  static func read() throws -> Vectors {
    try JSONDecoder().decode(
      Vectors.self, from: Data(contentsOf: Shared.url("vectors/mechanisms.json")))
  }

  struct Binomial: Decodable {
    var n, count, hypotheses: Int
    var alpha, lower, upper: Double
  }
  struct Width: Decodable {
    var n, hypotheses: Int
    var alpha, half_width: Double
    var sum, sum_of_squares, sample_variance: Double?
  }
  struct Radius: Decodable {
    var E_lb, E_ub, sigma, delta_r, sensitivity: Double
    var mu_gm_eps_le_1, mu_egm_theorem3, mu_agm, mu_eq10_as_printed_UNSOUND: Double
    var mu_tight_gaussian, mu_gm_best_delta_on_grid_0p001_to_0p299_step_0p001: Double?
    var mu_laplace_scale_b_equal_sigma: Double?
  }
  var clopper_pearson: [Binomial]
  var hoeffding: [Width]
  var empirical_bernstein: [Width]
  var mu_max: [Radius]
}

/// Evidence with one release of noise.
func evidence(
  _ lower: Double, _ upper: Double, scale: Double = 1, sensitivity: Double = 1,
  laplace: Bool = false
) -> Evidence {
  Evidence(
    bounds: ClassBounds(lower: lower, upper: upper),
    releases: [
      NoiseRelease(
        family: laplace ? .laplace : .gaussian, scale: scale, sensitivity: sensitivity,
        bound: "given")
    ], norm: .l2)
}
