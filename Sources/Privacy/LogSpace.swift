internal import Foundation

/// Arithmetic on numbers that are held as their natural logarithms; `-infinity` stands for 0.
package enum LogSpace {
  /// `log(exp(a) + exp(b))`.
  package static func sum(_ a: Double, _ b: Double) -> Double {
    let (small, large) = a < b ? (a, b) : (b, a)
    return large == -.infinity ? large : large + log1p(exp(small - large))
  }

  /// `log(sum of exp)`, -infinity for nothing.
  package static func sum(_ values: some Sequence<Double>) -> Double {
    let values = Array(values)
    guard let large = values.max(), large > -.infinity else { return -.infinity }
    return large + log(values.reduce(0) { $0 + exp($1 - large) })
  }

  /// `log(exp(a) - exp(b))` for `a >= b`.
  package static func difference(_ a: Double, _ b: Double) -> Double {
    precondition(a >= b, "the logarithm of a negative number was asked for: exp(\(a)) - exp(\(b))")
    return b == -.infinity ? a : a + complement(b - a)
  }

  /// `log(1 - exp(a))` for `a <= 0`.
  package static func complement(_ a: Double) -> Double {
    a > -0.6931471805599453 ? log(-expm1(a)) : log1p(-exp(a))
  }
}
