internal import Foundation

/// How well somebody who saw what a mechanism released guessed which canaries had gone into it, and
/// what that proves of the mechanism.
///
/// Each of m canaries is put into the data or left out by the toss of a fair coin of its own. r
/// guesses are made from the release, v of them right; the other m - r coins are abstained from. If
/// the mechanism is (epsilon, delta)-differentially private for one example added or removed, then
/// with W ~ Binomial(r, e^epsilon / (1 + e^epsilon))
///
/// ```
/// P[at least v right] <= P[W >= v] + 2 m delta max_(i = 1...v) P[v - i <= W < v] / i
/// ```
///
/// T. Steinke, M. Nasr, M. Jagielski, "Privacy Auditing with One (1) Training Run", 2023,
/// Theorem 5.2. r has to be fixed before the release is looked at.
public struct CanaryGuesses: Sendable, Equatable, Codable {
  /// m: coins tossed.
  public let canaries: Int
  /// r: guesses made, at most m.
  public let guesses: Int
  /// v: right guesses, at most r.
  public let correct: Int

  public init(canaries: Int, guesses: Int, correct: Int) {
    precondition(
      0 <= correct && correct <= guesses && guesses <= canaries,
      "\(correct) right of \(guesses) guesses about \(canaries) canaries")
    self.canaries = canaries
    self.guesses = guesses
    self.correct = correct
  }

  /// An upper bound on the probability of so many right guesses under (epsilon, delta)-differential
  /// privacy, at most 1: the p-value of that hypothesis. Takes O(sqrt(r)) terms.
  /// - Throws: ``PrivacyError`` where epsilon is negative or delta is not in [0, 1].
  public func pValue(epsilon: Double, delta: Double) throws(PrivacyError) -> Double {
    try Self.check(delta)
    // Infinity is in range: no privacy is consistent with everything.
    guard epsilon >= 0 else {
      throw .parameter(name: "epsilon", value: epsilon, expected: "a number of at least 0")
    }
    return pValue(unchecked: epsilon, delta: delta)
  }

  /// An epsilon that the mechanism does not have at this delta, with the given confidence: the
  /// probability that the answer exceeds an epsilon for which the mechanism is
  /// (epsilon, delta)-differentially private is at most 1 - confidence.
  ///
  /// The p-values of 0, 1/256, 2/256, ... are computed in this order until one is above
  /// 1 - confidence; the answer is the last before it, and 0 where there is none. Whatever the
  /// p-value does between and beyond, the answer is too large only if the hypothesis of the first
  /// of these numbers that is at least the true epsilon was rejected.
  /// - Throws: ``PrivacyError`` where delta is not in [0, 1] or the confidence not in (0, 1).
  public func epsilonLowerBound(
    delta: Double, confidence: Double
  ) throws(PrivacyError) -> Double {
    try Self.check(delta)
    try Privacy.check(confidence, "confidence", in: .fraction)
    var bound = 0.0
    var step = 0.0
    // It ends: the p-value tends to 1 as epsilon grows.
    while pValue(unchecked: step / 256, delta: delta) <= 1 - confidence {
      bound = step / 256
      step += 1
    }
    return bound
  }

  private static func check(_ delta: Double) throws(PrivacyError) {
    guard delta >= 0 && delta <= 1 else {
      throw .parameter(name: "delta", value: delta, expected: "a number in [0, 1]")
    }
  }

  private func pValue(unchecked epsilon: Double, delta: Double) -> Double {
    if correct == 0 { return 1 }
    let (r, v) = (Double(guesses), Double(correct))
    let success = 1 / (1 + exp(-epsilon))
    let tail = exp(IncompleteBeta.logTails(success, v, r - v + 1).lower)
    if delta == 0 { return min(SafeRounding.up(tail), 1) }
    // log P[W = k] for k = v - 1, v - 2, ...: the ratios of neighbours follow from
    // P[W = k - 1] / P[W = k] = k / (r - k + 1) * e^-epsilon.
    let choose = -log(r + 1) - IncompleteBeta.logBeta(v, r - v + 2)
    let logFailure = -epsilon - log1p(exp(-epsilon))
    var logMass = choose + (v - 1) * log(success) + (r - v + 1) * logFailure
    var (sum, largest) = (0.0, 0.0)
    for i in 1...correct {
      sum += exp(logMass)
      largest = max(largest, sum / Double(i))
      // No later mean can be larger: a sum is at most 1.
      if 1 / Double(i + 1) <= largest { break }
      let k = v - Double(i)
      logMass += log(k / (r - k + 1)) - epsilon
    }
    return min(SafeRounding.up(tail + 2 * Double(canaries) * delta * largest, margins: 4), 1)
  }
}
