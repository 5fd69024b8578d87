internal import Foundation
internal import Privacy

/// Decides from a stream of votes whether their probability is above a threshold, and stops as soon
/// as that is clear.
///
/// The claim `p > threshold` is wrong with probability at most `alpha`, whatever the chunks in
/// which the votes arrive and whenever it is asked. Write q for a threshold and x for the successes
/// in n draws. For any density w on (q, 1] the mixture
///
///     M_n = integral over (q, 1] of (u/q)^x ((1-u)/(1-q))^(n-x) w(u) du
///
/// is, for every p <= q, a nonnegative supermartingale with M_0 = 1: a draw multiplies the
/// integrand by a factor of expectation `p u/q + (1-p)(1-u)/(1-q)`, which is 1 at p = q and does
/// not decrease in p, since u >= q gives `u/q >= (1-u)/(1-q)`. By Ville's inequality M ever reaches
/// `1/a` with probability at most a (Ville, "Etude critique de la notion de collectif", 1939;
/// mixtures: Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm", 1970).
/// With w a beta density restricted to (q, 1], M is a quotient of incomplete beta functions.
///
/// A part of alpha goes to this martingale. The rest goes to one Clopper-Pearson bound at the
/// planned last draw, so that no more draws are ever needed than without the stream, and by the
/// union bound both together fail with probability at most alpha.
///
/// To stop without the claim cannot be wrong, so that costs nothing: the test stops when the
/// remaining draws could not decide any more, and when the mirrored martingale says `p <
/// threshold`.
public struct SequentialTest: Sendable {
  /// What is decided.
  public enum Decision: String, Sendable, Codable {
    /// The probability is above the threshold, with the promised confidence.
    case above
    /// Not shown to be above.
    case notShown
  }

  public let threshold: Double
  public let alpha: Double
  /// The number of draws after which there is a decision.
  public let maximum: Int
  public private(set) var successes = 0
  public private(set) var draws = 0
  /// Nil until it is clear; final from then on.
  public private(set) var decision: Decision?

  /// The part of alpha for the stream; the rest is for the last look.
  private static let streamShare = 0.2
  /// How often the mirrored martingale may give up on a probability above the threshold. It trades
  /// draws for claims; no claim depends on it.
  private static let givingUp = 0.001
  /// The mixture: most weight near 1, where the votes of a confident classifier are.
  private static let mixture = (successes: 1.0, failures: 0.5)

  private let logLevel: Double
  private let leastSuccesses: Int
  private let logTails: (lower: Double, upper: Double)

  /// - Parameters:
  ///   - threshold: In (0, 1).
  ///   - alpha: The probability of a wrong claim, in (0, 1).
  ///   - maximum: The planned number of draws, at least 1.
  /// - Throws: ``CertificationError`` naming the parameter.
  public init(threshold: Double, alpha: Double, maximum: Int) throws(CertificationError) {
    for (name, value) in [("threshold", threshold), ("alpha", alpha)]
    where !(value > 0 && value < 1) {
      throw .parameter(name: name, problem: "is \(value), expected a number in (0, 1)")
    }
    guard maximum >= 1 else {
      throw .parameter(name: "maximum", problem: "is \(maximum), expected at least 1")
    }
    self.threshold = threshold
    self.alpha = alpha
    self.maximum = maximum
    // A little above the exact level, for rounding.
    logLevel = -log(Self.streamShare * alpha) + 1e-9
    leastSuccesses = Self.leastSuccesses(
      of: maximum, threshold: threshold, alpha: (1 - Self.streamShare) * alpha)
    logTails = IncompleteBeta.logTails(
      threshold, Self.mixture.successes, Self.mixture.failures)
  }

  /// Takes more votes, and says what is decided by now.
  @discardableResult
  public mutating func add(successes: Int, draws: Int) -> Decision? {
    precondition(
      successes >= 0 && successes <= draws && self.draws + draws <= maximum,
      "\(successes) successes in \(draws) draws, after \(self.draws) of \(maximum)")
    guard decision == nil else { return decision }
    self.successes += successes
    self.draws += draws
    let evidence = logMartingales(successes: self.successes, draws: self.draws)
    let most = self.successes + maximum - self.draws
    if evidence.above >= logLevel
      || (self.draws == maximum && self.successes >= leastSuccesses)
    {
      decision = .above
    } else if evidence.below >= -log(Self.givingUp)
      || (most < leastSuccesses
        && logMartingales(successes: most, draws: maximum).above < logLevel)
    {
      // With nothing but successes to come M never falls, so its last value is its largest.
      decision = .notShown
    }
    return decision
  }

  /// The logarithms of M and of its mirror image, a mixture over [0, threshold).
  private func logMartingales(successes: Int, draws: Int) -> (above: Double, below: Double) {
    let a = Self.mixture.successes + Double(successes)
    let b = Self.mixture.failures + Double(draws - successes)
    let tails = IncompleteBeta.logTails(threshold, a, b)
    let ratio =
      IncompleteBeta.logBeta(a, b)
      - IncompleteBeta.logBeta(Self.mixture.successes, Self.mixture.failures)
      - Double(successes) * log(threshold) - Double(draws - successes) * log1p(-threshold)
    return (ratio + tails.upper - logTails.upper, ratio + tails.lower - logTails.lower)
  }

  /// The fewest successes whose Clopper-Pearson bound reaches the threshold; one more than there
  /// are draws where none does.
  private static func leastSuccesses(of draws: Int, threshold: Double, alpha: Double) -> Int {
    var few = 0
    var enough = draws + 1
    while enough - few > 1 {
      let middle = (few + enough) / 2
      let tail = IncompleteBeta.logTails(
        threshold, Double(middle), Double(draws - middle + 1)
      ).lower
      if tail <= log(alpha) - 1e-9 { enough = middle } else { few = middle }
    }
    return enough
  }
}
