internal import Foundation
internal import Privacy

/// How often certificates of one kind were broken, over all examples that were tried.
///
/// A certificate issued at failure probability `alpha` is issued wrongly for an example with
/// probability at most `alpha`, over the draws it was issued by; examples that got none count as
/// tried. A certificate that holds is said to be broken with probability at most the trial's own
/// alpha. So the violations of a sound certifier are at most binomial, with the sum of both.
public struct ViolationRate: Sendable, Codable, Equatable {
  public var violations: Int
  /// How many examples were tried, certified or not; at least 1.
  public var examples: Int

  /// The probability with which a sound certifier may be called refuted.
  public static let significance = 0.001

  public init(violations: Int, examples: Int) {
    precondition(
      examples > 0 && (0...examples).contains(violations), "\(violations) of \(examples)")
    self.violations = violations
    self.examples = examples
  }

  /// Clopper and Pearson's interval for the rate, at 95 %.
  public var interval: ClosedRange<Double> {
    let lower = ClopperPearson.lower(successes: violations, draws: examples, alpha: 0.025)
    let upper = ClopperPearson.upper(successes: violations, draws: examples, alpha: 0.025)
    return lower...upper
  }

  /// The probability of at least so many violations where each example has one with probability
  /// `rate`, an upper bound on the p-value of "at most `rate`".
  public func tail(rate: Double) -> Double {
    precondition(rate >= 0, "a rate of \(rate)")
    if violations == 0 || rate >= 1 { return 1 }
    return exp(
      IncompleteBeta.logTails(rate, Double(violations), Double(examples - violations + 1)).lower)
  }

  /// True where there are too many violations for failure probabilities of `alpha` and
  /// `trialAlpha`: the certifier does not hold.
  public func refutes(alpha: Double, trialAlpha: Double) -> Bool {
    tail(rate: min(alpha + trialAlpha, 1)) < Self.significance
  }
}
