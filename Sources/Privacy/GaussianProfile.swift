internal import Foundation

/// The exact (epsilon, delta) curve of Gaussian noise (Balle and Wang, "Improving the Gaussian
/// Mechanism for Differential Privacy: Analytical Calibration and Optimal Denoising", 2018, Eq. 6).
///
/// With `a = sensitivity / sigma`, `x = epsilon / a - a / 2` and `y = x + a`,
///
///     delta(epsilon) = Q(x) - e^epsilon Q(y) = phi(x) (R(x) - R(y)),
///
/// Q the upper tail, phi the density, R = Q / phi Mills' ratio: the second form neither overflows
/// nor loses digits. Noise satisfies (epsilon, delta) if and only if this is at most delta.
public struct GaussianProfile: Sendable, Hashable {
  /// l2 sensitivity over the standard deviation of the noise.
  public let ratio: Double

  /// - Throws: ``PrivacyError`` unless both are positive and finite.
  public init(sensitivity: Double, sigma: Double) throws(PrivacyError) {
    try check(sensitivity, "sensitivity", in: .positive)
    try check(sigma, "sigma", in: .positive)
    self.init(ratio: sensitivity / sigma)
  }

  init(ratio: Double) { self.ratio = ratio }

  /// The smallest delta for an epsilon of at least 0, rounded up: never below the smallest
  /// positive number.
  public func delta(epsilon: Double) -> Double {
    let log = logDelta(epsilon: epsilon)
    return min(SafeRounding.up(exp(log), margins: 1 + abs(log) / 16), 1)
  }

  /// The natural logarithm of delta, also where delta itself underflows; rounded to nearest.
  public func logDelta(epsilon: Double) -> Double {
    precondition(epsilon >= 0 && epsilon.isFinite, "epsilon is \(epsilon)")
    let x = epsilon / ratio - ratio / 2
    let y = epsilon / ratio + ratio / 2
    if x < -1 {
      // Delta is above 0.3 and perhaps next to 1.
      return log1p(
        -(Normal.cumulative(x) + exp(Normal.logDensity(x)) * Normal.millsRatio(y)))
    }
    return Normal.logDensity(x) + log(decrease(from: x, to: y))
  }

  /// The smallest epsilon for a delta in (0, 1), rounded up; 0 where none is needed.
  /// - Throws: ``PrivacyError`` for a delta outside of (0, 1).
  public func epsilon(delta: Double) throws(PrivacyError) -> Double {
    try check(delta, "delta", in: .fraction)
    let target = log(delta)
    if logDelta(epsilon: 0) <= target { return 0 }
    var below = 0.0
    var above = max(ratio * ratio, ratio * (-2 * target).squareRoot(), 1e-300)
    while logDelta(epsilon: above) > target { above *= 2 }
    for _ in 0..<1100 where above - below > 0x1p-50 * above {
      let middle = below + (above - below) / 2
      if logDelta(epsilon: middle) <= target { above = middle } else { below = middle }
    }
    return SafeRounding.up(above)
  }

  /// The largest `sensitivity / sigma` that satisfies (epsilon, delta), rounded down.
  ///
  /// Newton's method on log delta against the logarithm of the ratio, kept within a bracket; the
  /// end of the bracket that satisfies delta is returned.
  static func ratio(epsilon: Double, logDelta target: Double) -> Double {
    var below = 0.0
    var above = Double.infinity
    var ratio = (2 * epsilon).squareRoot() + 1e-3
    for step in 0..<200 {
      let profile = GaussianProfile(ratio: ratio)
      let excess = profile.logDelta(epsilon: epsilon) - target
      if excess <= 0 { below = ratio } else { above = ratio }
      if above <= below * (1 + 0x1p-48) { break }
      // d delta / d ratio is the density at x. A hair too far, to close in from both sides.
      let x = epsilon / ratio - ratio / 2
      let slope = ratio * exp(Normal.logDensity(x) - excess - target)
      let newton =
        ratio * exp(min(max(-excess / slope, -3), 3)) * (1 + (excess <= 0 ? 1 : -1) * 0x1p-50)
      if newton > below && newton < above && step % 8 != 7 {
        ratio = newton
      } else if above == .infinity {
        ratio *= 4
      } else {
        ratio = below > 0 ? (below * above).squareRoot() : above / 4
      }
    }
    return SafeRounding.down(below)
  }

  /// `R(x) - R(y)`.
  private func decrease(from x: Double, to y: Double) -> Double {
    guard ratio < 0.1 else { return Normal.millsRatio(x) - Normal.millsRatio(y) }
    // The integral of -R' over a short interval, by Gauss and Legendre's rule with 8 points.
    let half = ratio / 2
    return Self.nodes.reduce(0) { sum, node in
      let offset = half * node.position
      return sum + node.weight
        * (Normal.millsSlope(x + half - offset) + Normal.millsSlope(x + half + offset))
    } * half
  }

  private static let nodes: [(position: Double, weight: Double)] = [
    (0.9602898564975362, 0.10122853629037706),
    (0.7966664774136267, 0.22238103445337443),
    (0.525532409916329, 0.3137066458778869),
    (0.18343464249564978, 0.36268378337836166),
  ]
}
