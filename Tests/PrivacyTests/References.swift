import Foundation
import TestSupport

extension Tolerance {
  /// What the doubles of a special function lose to rounding.
  static let doubles = Tolerance(relative: 4e-15, absolute: 0x1p-1074)
  /// The margin to the safe side, and rounding.
  static let safeMargin = Tolerance(relative: 1e-12, absolute: 0x1p-1060)
  /// The accuracy that independent references promise.
  static let reference = Tolerance(relative: 1e-9, absolute: 1e-300)
}

/// The figures that `Fixtures/privacy/generate.py` computed with 80 digits.
struct Mechanisms: Decodable {
  static let all: Result<Mechanisms, any Error> = Result {
    try JSONDecoder().decode(
      Mechanisms.self, from: Data(contentsOf: Fixtures.url("privacy/mechanisms.json")))
  }

  struct NormalPoint: Decodable {
    var x, cumulative, logCumulative, upperTail: Double
  }
  struct Quantile: Decodable { var upperTail, x: Double }
  struct Scale: Decodable { var epsilon, delta, analytic: Double }
  struct Profile: Decodable { var epsilon, sensitivity, sigma, delta, logDelta: Double }
  struct Epsilon: Decodable { var delta, sensitivity, sigma, epsilon: Double }
  var normal: [NormalPoint]
  var quantiles: [Quantile]
  var scales: [Scale]
  var profiles: [Profile]
  var epsilons: [Epsilon]
}

/// Independent figures beside the checkout.
struct Vectors: Decodable {
  static func read() throws -> Vectors {
    try JSONDecoder().decode(
      Vectors.self, from: Data(contentsOf: Shared.url("vectors/mechanisms.json")))
  }

  struct Calibration: Decodable {
    var epsilon, delta, sensitivity, sigma_gm, sigma_egm, sigma_egm_one_sided, sigma_agm: Double
    var gm_formula_actually_satisfies_delta: Bool
    var exact_delta_at_sigma_gm, exact_delta_at_sigma_egm: Double
    var exact_delta_at_sigma_egm_one_sided: Double
  }
  struct Edge: Decodable {
    var epsilon, delta, condition2_s_clamped_at_0, exact_delta_at_condition2: Double
    var sigma_agm: Double?
  }
  struct Profile: Decodable { var epsilon, sigma, sensitivity, delta, log_delta: Double }
  struct Laplace: Decodable { var epsilon, l1_sensitivity, scale_b: Double }
  struct Figure: Decodable {
    var epsilon, delta, sensitivity, sigma_gm, sigma_egm_equals_hgm_uniform_r, sigma_agm: Double
    var exact_delta_at_sigma_gm: Double
  }
  struct Noise: Decodable {
    struct Markov: Decodable {
      var epsilon, delta, lambda_star, tau, sigma_isotropic_alpha_1, exact_delta: Double
    }
    struct Laplace: Decodable {
      var w: [Double]
      var epsilon, l2_sensitivity: Double
      var laplace_scales: [Double]
      var objective: Double
    }
    struct Staircase: Decodable { var epsilon, alpha, staircase_mean_abs: Double }
    var gaussian_markov: [Markov]
    var product_laplace_pure_dp: [Laplace]
    var staircase_1d: [Staircase]
  }
  var mechanisms: [Calibration]
  var egm_large_delta_edges: [Edge]
  var gaussian_privacy_profile: [Profile]
  var laplace: [Laplace]
  var figure1: [Figure]
  var optimized_additive_noise: Noise
}
