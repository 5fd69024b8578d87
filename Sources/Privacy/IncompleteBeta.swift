internal import Foundation

/// The regularised incomplete beta function I_x(a, b): the distribution function of Beta(a, b).
///
/// For whole `k`, `I_p(k, n - k + 1)` is the probability of at least `k` successes in `n` draws of
/// probability `p`.
package enum IncompleteBeta {
  /// The logarithms of I_x(a, b) and of 1 - I_x(a, b), for `a, b > 0` and `x` in [0, 1].
  ///
  /// Continued fraction (DLMF 8.17.22, by Lentz's method) on the side where it converges fast, in
  /// about `sqrt(max(a, b))` terms.
  package static func logTails(
    _ x: Double, _ a: Double, _ b: Double
  ) -> (lower: Double, upper: Double) {
    precondition(a > 0 && b > 0 && x >= 0 && x <= 1, "I_\(x)(\(a), \(b)) is not defined")
    if x == 0 { return (-.infinity, 0) }
    if x == 1 { return (0, -.infinity) }
    let front = logKernel(x, a, b)
    if x <= (a + 1) / (a + b + 2) {
      let lower = min(front - log(a) + log(fraction(x, a, b)), 0)
      return (lower, LogSpace.complement(lower))
    }
    let upper = min(front - log(b) + log(fraction(1 - x, b, a)), 0)
    return (LogSpace.complement(upper), upper)
  }

  /// `log` of the beta function B(a, b).
  package static func logBeta(_ a: Double, _ b: Double) -> Double {
    let sum = a + b
    // By Stirling's formula, so that nothing of the size of log Gamma(a + b) is ever subtracted.
    return 0.5 * log(2 * .pi * sum / (a * b)) + a * log(a / sum) + b * log(b / sum)
      + stirlingError(a) + stirlingError(b) - stirlingError(sum)
  }

  /// The smallest `x` known to have `log I_x(a, b) >= target`, and the largest known to be below:
  /// the ends of an interval of a few units in the last place around the root.
  package static func root(
    logLower target: Double, _ a: Double, _ b: Double
  ) -> (below: Double, above: Double) {
    var below = 0.0
    var above = 1.0
    var x = a / (a + b)
    for step in 0..<400 {
      let value = logTails(x, a, b).lower
      if value >= target { above = x } else { below = x }
      if above - below <= 0x1p-50 * above { break }
      // Newton on log I, which is concave in log x; a little too far, to close in from both sides.
      let slope = exp(logKernel(x, a, b) - log1p(-x) - value)
      let newton = x * exp((target - value) / slope)
      let far = newton + (newton - x) * 1e-3 + (value >= target ? -1 : 1) * 0x1p-52 * newton
      x =
        far > below && far < above && step % 4 != 3
        ? far : below > 0 ? (below * above).squareRoot() : above / 16
    }
    return (below, above)
  }

  /// `log(x^a (1 - x)^b / B(a, b))`, by deviances (Loader, "Fast and Accurate Computation of
  /// Binomial Probabilities", 2000), so that large counts cost no digits.
  private static func logKernel(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let sum = a + b
    return 0.5 * log(a * b / (2 * .pi * sum)) - deviance(a, sum * x) - deviance(b, sum * (1 - x))
      + stirlingError(sum) - stirlingError(a) - stirlingError(b)
  }

  /// `a log(a / m) + m - a`, without cancellation for `m` near `a`.
  private static func deviance(_ a: Double, _ m: Double) -> Double {
    let ratio = (a - m) / (a + m)
    guard abs(ratio) < 0.1 else { return a * log(a / m) + m - a }
    // a log(a/m) = 2 a (v + v^3/3 + v^5/5 + ...) with v = (a - m)/(a + m).
    var sum = (a - m) * ratio
    var term = 2 * a * ratio
    for power in stride(from: 3.0, to: 41, by: 2) {
      term *= ratio * ratio
      let next = sum + term / power
      if next == sum { break }
      sum = next
    }
    return sum
  }

  /// `log Gamma(z)` less Stirling's `(z - 1/2) log z - z + log(2 pi) / 2`.
  private static func stirlingError(_ z: Double) -> Double {
    if z < 16 {
      // Gamma(z) = Gamma(z + 1) / z, as often as it takes.
      return stirlingError(z + 1) + (z + 0.5) * log1p(1 / z) - 1
    }
    let r = 1 / (z * z)
    return
      (1.0 / 12
      - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r * (1.0 / 1188 - r * 691 / 360360)))))
      / z
  }

  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var value = d
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 + even * d
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = 1 + even / c
      c = abs(c) < tiny ? tiny : c
      value *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 + odd * d
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = 1 + odd / c
      c = abs(c) < tiny ? tiny : c
      value *= d * c
      if abs(d * c - 1) < 0x1p-52 { break }
    }
    return value
  }
}
