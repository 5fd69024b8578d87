internal import Foundation

/// Additive noise with a proved privacy: the entry point to calibration.
///
/// | case | noise | sensitivity | proved for |
/// |---|---|---|---|
/// | `classic` | Gaussian | l2 | epsilon in (0, 1) |
/// | `extended` | Gaussian | l2 | every epsilon |
/// | `analytic` | Gaussian, the least possible | l2 | every epsilon |
/// | `laplace` | Laplace | l1 | every epsilon, delta = 0 |
///
/// Each of them may be shared out unevenly: with positive r_k of sum 1, noise of scale
/// `scale * sqrt(K r_k)` on coordinate k is even noise on values divided by `sqrt(K r_k)`, and has
/// its privacy for the sensitivity of the divided values.
public enum Mechanism: String, Sendable, Codable, CaseIterable {
  /// Dwork and Roth, "The Algorithmic Foundations of Differential Privacy", 2014, Theorem A.1:
  /// `sigma = D sqrt(2 ln(1.25 / delta)) / epsilon`.
  case classic
  /// Phan et al., "Heterogeneous Gaussian Mechanism: Preserving Differential Privacy in Deep
  /// Learning with Provable Robustness", 2019, Theorem 2:
  /// `sigma = D (sqrt(s) + sqrt(s + epsilon)) / (sqrt(2) epsilon)`, `s = ln(sqrt(2 / pi) / delta)`.
  ///
  /// For `delta > sqrt(2 / pi)`, where the paper's s is negative, s is 0: the noise of a smaller
  /// delta, which is more than enough.
  case extended
  /// Balle and Wang, 2018, Algorithm 1: the smallest sigma whose ``GaussianProfile`` meets delta.
  case analytic
  /// Dwork et al., "Calibrating Noise to Sensitivity in Private Data Analysis", 2006:
  /// `b = D / epsilon`.
  case laplace

  /// The scale of the noise, the standard deviation or Laplace's `b`, that gives
  /// (epsilon, delta)-differential privacy; rounded up.
  ///
  /// - Parameters:
  ///   - epsilon: Positive.
  ///   - delta: In (0, 1). Laplace noise needs none and takes any delta in [0, 1).
  ///   - sensitivity: Positive; l2 for Gaussian noise, l1 for Laplace.
  ///   - beyondProof: Evaluates the classic formula also for an epsilon of 1 and above, where it
  ///     has no proof (and from about 5 to 10, depending on delta, is too small).
  /// - Throws: ``PrivacyError``.
  public func scale(
    epsilon: Double, delta: Double, sensitivity: Double = 1, beyondProof: Bool = false
  ) throws(PrivacyError) -> Double {
    try check(epsilon, "epsilon", in: .positive)
    try check(sensitivity, "sensitivity", in: .positive)
    if self != .laplace || delta != 0 { try check(delta, "delta", in: .fraction) }
    if self == .classic && epsilon >= 1 && !beyondProof {
      throw .notProved(
        problem: "the classic Gaussian mechanism is proved for an epsilon below 1, not \(epsilon)")
    }
    let scale = SafeRounding.up(
      sensitivity / unitRatio(epsilon: epsilon, logDelta: log(delta)))
    guard scale < .greatestFiniteMagnitude else {
      throw .unreachable(
        problem: "the noise for epsilon \(epsilon) and delta \(delta) is too large for a number")
    }
    return scale
  }

  /// `sensitivity / scale` at (epsilon, exp(logDelta)): the reciprocal of the scale for a
  /// sensitivity of 1, without a check of the ranges and to nearest but for `analytic`, which is
  /// rounded down.
  package func unitRatio(epsilon: Double, logDelta: Double) -> Double {
    switch self {
    case .classic: return epsilon / (2 * (log(1.25) - logDelta)).squareRoot()
    case .extended:
      let s = max(0.5 * log(2 / .pi) - logDelta, 0)
      return 2.0.squareRoot() * epsilon / (s.squareRoot() + (s + epsilon).squareRoot())
    case .analytic: return GaussianProfile.ratio(epsilon: epsilon, logDelta: logDelta)
    case .laplace: return epsilon
    }
  }
}
