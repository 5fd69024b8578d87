/// What an audit by canaries proves: a lower bound on epsilon at one delta, from one run.
///
/// Canaries are ranked by a score that is larger for those that look included. A rule says how many
/// of the first are guessed to be in and how many of the last to be out. All rules of ``rules``,
/// which are fixed before anything is seen, are tried at a confidence of
/// `1 - (1 - confidence) / rules.count`, so that the best of their bounds holds at `confidence`.
public struct CanaryAudit: Sendable, Equatable, Codable {
  /// How many guesses are made, as shares of the canaries; the rest is abstained from.
  public struct Rule: Sendable, Equatable, Codable {
    /// The share with the largest scores, guessed to be in.
    public var included: Double
    /// The share with the smallest scores, guessed to be out.
    public var excluded: Double
  }

  /// From a guess about every canary to guesses about the few that stand out. Where examples are
  /// sampled, a canary that was never drawn looks like one left out, so guesses "in" are surer.
  public static let rules = [
    Rule(included: 0.5, excluded: 0.5), Rule(included: 0.25, excluded: 0.25),
    Rule(included: 0.1, excluded: 0.1), Rule(included: 0.25, excluded: 0),
    Rule(included: 0.1, excluded: 0), Rule(included: 0.03, excluded: 0),
  ]

  /// The rule with the largest bound; the first of them.
  public let rule: Rule
  /// What came of its guesses.
  public let guesses: CanaryGuesses
  public let delta: Double
  public let confidence: Double
  /// What epsilon is more than or equal to at delta, at this confidence.
  public let epsilonLowerBound: Double
  /// Of all rules, in the order of ``rules``.
  private let outcomes: [CanaryGuesses]

  /// - Parameters:
  ///   - scores: one a canary; those that are not numbers count as the smallest. May depend on
  ///     everything but `included`.
  ///   - included: the coins.
  /// - Throws: ``PrivacyError`` where delta is not in [0, 1] or the confidence not in (0, 1).
  public init(
    scores: [Double], included: [Bool], delta: Double, confidence: Double
  ) throws(PrivacyError) {
    precondition(scores.count == included.count, "a score for every canary")
    try check(confidence, "confidence", in: .fraction)
    let scores = scores.map { $0.isNaN ? -.infinity : $0 }
    // Equal scores stand in the order of their canaries, which knows nothing of the coins.
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    let count = Double(scores.count)
    var outcomes: [CanaryGuesses] = []
    var best: (index: Int, bound: Double) = (0, -1)
    for (index, rule) in Self.rules.enumerated() {
      let (first, last) = (Int(rule.included * count), Int(rule.excluded * count))
      let right =
        order.prefix(first).count { included[$0] } + order.suffix(last).count { !included[$0] }
      let outcome = CanaryGuesses(canaries: scores.count, guesses: first + last, correct: right)
      let bound = try outcome.epsilonLowerBound(
        delta: delta, confidence: 1 - (1 - confidence) / Double(Self.rules.count))
      if bound > best.bound { best = (index, bound) }
      outcomes.append(outcome)
    }
    self.outcomes = outcomes
    rule = Self.rules[best.index]
    guesses = outcomes[best.index]
    self.delta = delta
    self.confidence = confidence
    epsilonLowerBound = best.bound
  }

  /// An upper bound on the probability that some rule fares as well as the best of these did, if
  /// the mechanism is (epsilon, delta)-differentially private.
  /// - Throws: ``PrivacyError`` where epsilon is negative.
  public func pValue(epsilon: Double) throws(PrivacyError) -> Double {
    var smallest = 1.0
    for outcome in outcomes {
      smallest = min(smallest, try outcome.pValue(epsilon: epsilon, delta: delta))
    }
    return min(smallest * Double(outcomes.count), 1)
  }
}
