internal import Foundation
internal import Privacy

/// What independent draws of a score in [0, 1] come down to.
public struct ScoreStatistics: Sendable, Codable, Hashable {
  public var draws: Int
  public var sum: Double
  public var sumOfSquares: Double

  public init(draws: Int = 0, sum: Double = 0, sumOfSquares: Double = 0) {
    precondition(draws >= 0, "\(draws) draws")
    self.draws = draws
    self.sum = sum
    self.sumOfSquares = sumOfSquares
  }

  /// Adds one draw.
  public mutating func add(_ score: Double) {
    precondition(score >= 0 && score <= 1, "a score lies in [0, 1], \(score) does not")
    draws += 1
    sum += score
    sumOfSquares += score * score
  }

  public var mean: Double { sum / Double(draws) }

  /// The unbiased sample variance; needs two draws.
  public var variance: Double {
    max((sumOfSquares - sum * sum / Double(draws)) / Double(draws - 1), 0)
  }

  /// How far the mean may lie from the expectation on one side, but for a probability of `alpha`,
  /// rounded up; infinity where there are too few draws.
  public func halfWidth(_ inequality: ScoreInequality, alpha: Double) -> Double {
    precondition(alpha > 0 && alpha < 1, "alpha is \(alpha), not in (0, 1)")
    let n = Double(draws)
    switch inequality {
    case .hoeffding:
      return draws < 1 ? .infinity : SafeRounding.up((-log(alpha) / (2 * n)).squareRoot())
    case .empiricalBernstein:
      guard draws >= 2 else { return .infinity }
      let l = log(2) - log(alpha)
      // What the sums lose to rounding is added to the variance.
      let variance = variance + 0x1p-48 * sumOfSquares / (n - 1)
      return SafeRounding.up((2 * variance * l / n).squareRoot() + 7 * l / (3 * (n - 1)))
    }
  }
}

/// An inequality that bounds the expectation of scores in [0, 1] by their mean.
public enum ScoreInequality: String, Sendable, Codable, CaseIterable {
  /// `sqrt(ln(1/alpha) / 2n)` (Hoeffding, "Probability Inequalities for Sums of Bounded Random
  /// Variables", 1963, Theorem 1).
  case hoeffding
  /// `sqrt(2 V ln(2/alpha) / n) + 7 ln(2/alpha) / (3 (n - 1))`, V the sample variance (Maurer and
  /// Pontil, "Empirical Bernstein Bounds and Sample Variance Penalization", 2009, Theorem 4):
  /// narrower where the scores vary little.
  case empiricalBernstein
}
