public import Robustness

/// Turns draws of the noisy classifier into bounds that hold together with probability at least
/// 1 - alpha.
///
/// The top class must have been chosen without these draws (by some draws of its own): on the draws
/// that chose it, its count is biased upwards.
public struct ClassEstimator: Sendable, Codable, Equatable {
  /// The probability that the bounds of one example may fail.
  public var alpha: Double
  public var rivals: Rivals

  /// How the rivals of the top class are bounded.
  public enum Rivals: String, Sendable, Codable, CaseIterable {
    /// By what the top class leaves: one bound at alpha. For votes, and scores of sum 1.
    case complement
    /// Each by itself, K bounds at alpha / K for K classes.
    case union
  }

  /// - Throws: ``CertificationError`` for an alpha outside of (0, 1).
  public init(alpha: Double = 0.001, rivals: Rivals = .complement) throws(CertificationError) {
    guard alpha > 0 && alpha < 1 else {
      throw .parameter(name: "alpha", problem: "is \(alpha), expected a number in (0, 1)")
    }
    self.alpha = alpha
    self.rivals = rivals
  }

  /// From how often each class had the largest output: Clopper and Pearson's exact bounds.
  public func bounds(votes: [Int], top: Int) -> ClassBounds {
    let draws = votes.reduce(0, +)
    switch rivals {
    case .complement: return bounds(successes: votes[top], draws: draws)
    case .union:
      let alpha = alpha / Double(votes.count)
      let lower = ClopperPearson.lower(successes: votes[top], draws: draws, alpha: alpha)
      let upper = votes.indices.lazy.filter { $0 != top }.map {
        ClopperPearson.upper(successes: votes[$0], draws: draws, alpha: alpha)
      }.max()
      // Votes sum to 1, so what the top class leaves is a bound as well.
      return ClassBounds(lower: lower, upper: min(upper ?? 0, (1 - lower).nextUp, 1))
    }
  }

  /// From how often the top class had the largest output; rivals by what it leaves.
  public func bounds(successes: Int, draws: Int) -> ClassBounds {
    let lower = ClopperPearson.lower(successes: successes, draws: draws, alpha: alpha)
    return ClassBounds(lower: lower, upper: min((1 - lower).nextUp, 1))
  }

  /// From the scores of each class, all over the same draws.
  public func bounds(
    scores: [ScoreStatistics], top: Int, by inequality: ScoreInequality
  ) -> ClassBounds {
    let alpha = rivals == .complement ? alpha : alpha / Double(scores.count)
    func lower(_ score: ScoreStatistics) -> Double {
      max(score.mean - score.halfWidth(inequality, alpha: alpha), 0)
    }
    let least = lower(scores[top]).nextDown
    switch rivals {
    case .complement:
      return ClassBounds(lower: max(least, 0), upper: min((1 - least).nextUp, 1))
    case .union:
      let upper = scores.indices.lazy.filter { $0 != top }.map {
        scores[$0].mean + scores[$0].halfWidth(inequality, alpha: alpha)
      }.max()
      return ClassBounds(lower: max(least, 0), upper: min((upper ?? 0).nextUp, 1))
    }
  }
}
