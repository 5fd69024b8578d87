internal import Foundation

/// Finds the noise for a private training run.
public enum NoiseCalibrator {
  /// The smallest noise multiplier, to `precision` of its value, with which `event` costs at most
  /// `epsilon`; the side that does is returned.
  ///
  /// - Parameter cost: the epsilon for a noise multiplier; it falls as the multiplier grows.
  /// - Throws: ``PrivacyError``, `unreachable` where a multiplier of a million is not enough.
  public static func noiseMultiplier(
    epsilon: Double, precision: Double = 1e-4,
    cost: (Double) throws(PrivacyError) -> Double
  ) throws(PrivacyError) -> Double {
    try check(epsilon, "epsilon", in: .positive)
    var enough = 1.0
    while try cost(enough) > epsilon {
      enough *= 2
      guard enough <= 1e6 else {
        throw .unreachable(problem: "no noise multiplier up to 1e6 reaches epsilon \(epsilon)")
      }
    }
    var little = enough / 2
    while little > 1e-3, try cost(little) <= epsilon {
      enough = little
      little /= 2
    }
    while enough > little * (1 + precision) {
      let middle = (enough * little).squareRoot()
      if try cost(middle) <= epsilon { enough = middle } else { little = middle }
    }
    return enough
  }
}
