/// Moves a computed number to the side on which an error of rounding can do no harm.
///
/// Every figure of this module is computed to about 1e-14 of its value; the margin covers that
/// several times over.
package enum SafeRounding {
  /// Relative margin, 5.7e-14.
  package static let margin = 0x1p-44

  /// A positive number that is at least the exact one; what overflows is the largest number.
  package static func up(_ value: Double, margins: Double = 1) -> Double {
    min((value * (1 + margins * margin)).nextUp, .greatestFiniteMagnitude)
  }

  /// A number that is not negative and at most the exact one; what is infinite becomes the largest
  /// number.
  package static func down(_ value: Double, margins: Double = 1) -> Double {
    max(min((value * (1 - margins * margin)).nextDown, .greatestFiniteMagnitude), 0)
  }
}
