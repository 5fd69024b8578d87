/// Bounds on what rounding to the nearest double can do, so that results can be rounded up. Numbers
/// are taken to stay far from underflow and overflow.
package enum Rounding {
  /// The unit roundoff, 2^-53.
  package static let unit = 0x1p-53

  /// `m u / (1 - m u)`, rounded up: the largest relative error of m roundings one after another,
  /// and of a sum of m + 1 non-negative numbers in any order (N. J. Higham, "Accuracy and Stability
  /// of Numerical Algorithms", 2002, Lemma 3.1).
  package static func gamma(_ roundings: Int) -> Double {
    let product = Double(roundings) * unit
    precondition(product < 0x1p-10, "\(roundings) roundings in one number")
    return product * (1 + 0x1p-8)
  }

  /// At least the exact number that `value`, which is not negative, is after so many roundings.
  package static func up(_ value: Double, after roundings: Int) -> Double {
    (value * (1 + 2 * gamma(roundings + 2))).nextUp
  }
}
