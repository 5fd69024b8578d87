internal import Foundation

/// The standard normal distribution, to a few units in the last place also far out in its tails.
public enum Normal {
  private static let halfLogTwoPi = 0.9189385332046727
  private static let sqrtHalfPi = 1.2533141373155003
  /// 1 / sqrt 2 as a double, and what that leaves out.
  private static let rootHalf = (high: 0.7071067811865476, low: -4.833646656726457e-17)

  /// `log` of the density at `x`.
  public static func logDensity(_ x: Double) -> Double { -x * x / 2 - halfLogTwoPi }

  /// Phi, the probability of a value of at most `x`.
  public static func cumulative(_ x: Double) -> Double { upperTail(-x) }

  /// The probability of a value above `x`.
  public static func upperTail(_ x: Double) -> Double {
    // The rounding of x / sqrt 2 moves the tail by x^2 times as much, so it is made good.
    let (y, rest) = scaled(x)
    let tail = 0.5 * erfc(y)
    return y > 1 && tail > 0 ? tail * (1 - rest * 1.4142135623730951 / millsRatio(x)) : tail
  }

  /// `log` of ``cumulative(_:)``.
  public static func logCumulative(_ x: Double) -> Double { logUpperTail(-x) }

  /// `log` of ``upperTail(_:)``; finite for every finite `x`.
  public static func logUpperTail(_ x: Double) -> Double {
    if x >= 3 { return logDensity(x) + log(millsRatio(x)) }
    return x > -1 ? log(upperTail(x)) : log1p(-upperTail(-x))
  }

  /// Mills' ratio: the upper tail over the density. It overflows below about -37.
  public static func millsRatio(_ x: Double) -> Double {
    if x >= 3 { return 1 / (x + millsFraction(x)) }
    return sqrtHalfPi * exp(x * x / 2) * erfc(scaled(x).0)
  }

  /// Minus the derivative of Mills' ratio, `1 - x R(x)`, without cancellation.
  static func millsSlope(_ x: Double) -> Double {
    guard x >= 3 else { return 1 - x * millsRatio(x) }
    let fraction = millsFraction(x)
    return fraction / (x + fraction)
  }

  /// The `x` with `cumulative(x) == probability`, for a probability in [0, 1].
  public static func quantile(_ probability: Double) -> Double {
    precondition(probability >= 0 && probability <= 1, "\(probability) is no probability")
    return probability > 0.5
      ? upperQuantile(1 - probability) : -upperQuantile(probability)
  }

  /// The `x` with `upperTail(x) == probability`, for a probability in [0, 1]; use it where the
  /// complement of the probability is what is known precisely.
  public static func upperQuantile(_ probability: Double) -> Double {
    precondition(probability >= 0 && probability <= 1, "\(probability) is no probability")
    if probability > 0.5 { return -upperQuantile(1 - probability) }
    if probability == 0 { return .infinity }
    if probability > 0.4 { return nearMedian(0.5 - probability) }
    let target = log(probability)
    // Abramowitz and Stegun, 26.2.23 (error below 4.5e-4), then Newton's method on the logarithm,
    // which is concave.
    let t = (-2 * target).squareRoot()
    var x =
      t - (2.515517 + t * (0.802853 + t * 0.010328))
      / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in 0..<4 {
      let step = (logUpperTail(x) - target) * millsRatio(x)
      x += step
      if abs(step) < 1e-9 * x { break }
    }
    return x
  }

  /// The quantile of `0.5 + offset` for a small offset.
  private static func nearMedian(_ offset: Double) -> Double {
    var x = offset * 2 * sqrtHalfPi
    for _ in 0..<5 {
      let step = (offset - 0.5 * erf(x * rootHalf.high)) * exp(-logDensity(x))
      x += step
      if abs(step) <= 1e-9 * abs(x) { break }
    }
    return x
  }

  /// `x / sqrt 2` and the rounding error in it.
  private static func scaled(_ x: Double) -> (Double, Double) {
    let y = x * rootHalf.high
    return (y, (-y).addingProduct(x, rootHalf.high) + x * rootHalf.low)
  }

  /// `1/(x + 2/(x + 3/(x + ...)))` for `x >= 3`: Laplace's continued fraction, in which the number
  /// of terms is what doubles need (measured against 40 digits).
  private static func millsFraction(_ x: Double) -> Double {
    var fraction = 0.0
    for term in stride(from: 10 + Int(min(400 / (x * x), 50)), through: 1, by: -1) {
      fraction = Double(term) / (x + fraction)
    }
    return fraction
  }
}
