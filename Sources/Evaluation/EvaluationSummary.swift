public import Robustness

/// The counts of a run.
public struct EvaluationSummary: Sendable, Equatable {
  /// The mean and the median of a distance over the successes of an attack.
  public struct Spread: Sendable, Hashable, Codable {
    public var mean: Double
    public var median: Double
  }

  /// What one certifier says of all examples at one size.
  public struct CertifiedSummary: Sendable, Hashable {
    /// The certifier's place in the plan.
    public var certifier: Int
    public var question: CertificateQuestion
    /// Examples whose true label is proved to stay within the size, over all.
    public var correct: Proportion
    /// Examples for which any class is proved to stay.
    public var robust: Int
  }

  /// One attack at one size.
  public struct AttackSummary: Sendable, Equatable {
    /// The plan's entry, and the size within it.
    public var entry: Int, epsilon: Epsilon
    /// Over all examples.
    public var correct: Proportion
    /// Examples an attack was made on, and those of them whose recorded image meets the goal.
    public var attacked: Int, successes: Int
    /// Over the successes, by norm; empty where there are none.
    public var distances: [Norm: Spread]
    /// What the attack asked of the model, for all sizes of the entry together.
    public var cost: Cost
    /// Examples that had at least one zero, NaN or infinite gradient.
    public var zeroGradientExamples: Int, brokenGradientExamples: Int
    /// Proposals that held a NaN or infinity, or were outside of the ball or bounds.
    public var notFinite: Int, outside: Int
    /// Recorded images that the model has no prediction for.
    public var undecided: Int
    /// Of the successes, those that still meet the goal at 8 bits; nil where that was not asked.
    public var eightBitSuccesses: Int?
    /// Time of one thread, for all sizes of the entry together.
    public var seconds: Double
    /// By certifier, of the recorded images; empty for a classifier without noise.
    public var certified: [CertifiedSummary]
    /// Draws that decided about the recorded images.
    public var draws: Int
  }

  /// Every attack of one norm and size together.
  public struct WorstCase: Sendable, Hashable {
    public var norm: Norm, epsilon: Epsilon
    /// Examples that are correct under every attack.
    public var correct: Proportion
  }

  /// Clean images classified as labelled, and those the model has no prediction for.
  public var clean: Proportion, cleanUndecided: Int
  /// By certifier and size, of the clean images; empty for a classifier without noise.
  public var certified: [CertifiedSummary]
  /// Draws that decided about the clean images.
  public var cleanDraws: Int
  /// By entry, then by size.
  public var attacks: [AttackSummary]
  /// By norm and size, in the order of the attacks.
  public var worstCases: [WorstCase]
}
