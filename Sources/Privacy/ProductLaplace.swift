internal import Foundation

/// Independent Laplace noise that disturbs a weighted sum the least: the optimum of
/// `E sum_i |w_i z_i|` among products of Laplace distributions under pure epsilon-differential
/// privacy for an l2 sensitivity D.
///
/// Privacy asks for `sum_i |v_i| / b_i <= epsilon` for every v of length D, that is
/// `sum_i b_i^-2 <= (epsilon / D)^2`; minimising `sum |w_i| b_i` under it gives
///
///     b_i = (D / epsilon) |w_i|^(-1/3) sqrt(sum_j |w_j|^(2/3)),
///     E sum |w_i z_i| = (D / epsilon) (sum_j |w_j|^(2/3))^(3/2).
///
/// The problem is that of Xiang et al., "Differentially-Private Deep Learning from an Optimization
/// Perspective", 2019. The weights must be public, or themselves private.
public struct ProductLaplace: Sendable, Equatable {
  /// b_i, rounded up; positive. One for each weight.
  public let scales: [Double]
  /// `E sum |w_i z_i|` at these scales.
  public let disturbance: Double

  /// - Parameters:
  ///   - weights: Positive.
  ///   - counts: how many coordinates each weight stands for; nil: one.
  /// - Throws: ``PrivacyError``.
  public init(
    weights: [Double], counts: [Int]? = nil, epsilon: Double, sensitivity: Double = 1
  ) throws(PrivacyError) {
    precondition(counts.map { $0.count == weights.count } ?? true, "a count for each weight")
    let counts = counts ?? [Int](repeating: 1, count: weights.count)
    try check(epsilon, "epsilon", in: .positive)
    try check(sensitivity, "sensitivity", in: .positive)
    for (index, weight) in weights.enumerated() {
      try check(weight, "weight \(index)", in: .positive)
    }
    let roots = weights.map { cbrt($0) }
    let sum = zip(roots, counts).reduce(0) { $0 + $1.0 * $1.0 * Double($1.1) }
    let factor = sensitivity / epsilon * sum.squareRoot()
    let scales = roots.map { SafeRounding.up(factor / $0) }
    self.scales = scales
    disturbance = weights.indices.reduce(0) {
      $0 + Double(counts[$1]) * weights[$1] * scales[$1]
    }
  }
}
