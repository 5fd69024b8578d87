internal import Foundation

/// Gaussian noise calibrated through one moment of its privacy loss and Markov's inequality, as in
/// Xiang et al., "Differentially-Private Deep Learning from an Optimization Perspective", 2019.
///
/// Noise with `sum_i v_i^2 / sigma_i^2 <= tau` for every difference v is (epsilon, delta)-private,
/// `tau = 2 (epsilon - L / lambda) / (1 + lambda)` with `L = ln(1 / delta)`. The best moment is
/// `lambda = (L + sqrt(L (L + epsilon))) / epsilon`. It is never better than
/// ``Mechanism/analytic``.
public struct MomentGaussian: Sendable, Equatable {
  /// The order of the moment.
  public let lambda: Double
  /// The bound on the squared, scaled length of a difference; rounded down.
  public let tau: Double

  /// - Throws: ``PrivacyError`` unless epsilon is positive and delta in (0, 1).
  public init(epsilon: Double, delta: Double) throws(PrivacyError) {
    try check(epsilon, "epsilon", in: .positive)
    try check(delta, "delta", in: .fraction)
    let l = -log(delta)
    let root = (l * (l + epsilon)).squareRoot()
    lambda = (l + root) / epsilon
    // epsilon - L / lambda = epsilon root / (L + root), since nothing is subtracted.
    tau = SafeRounding.down(2 * epsilon * root / (l + root) / (1 + lambda))
  }

  /// The standard deviation of even noise for an l2 sensitivity: `D / sqrt(tau)`, rounded up. Under
  /// an l2 sensitivity no uneven Gaussian noise of this kind is smaller anywhere.
  public func scale(sensitivity: Double = 1) -> Double {
    SafeRounding.up(sensitivity / tau.squareRoot())
  }
}
