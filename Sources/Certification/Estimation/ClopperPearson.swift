internal import Foundation
internal import Privacy

/// Exact one-sided bounds on a probability from counted successes (Clopper and Pearson, "The Use of
/// Confidence or Fiducial Limits Illustrated in the Case of the Binomial", 1934).
public enum ClopperPearson {
  /// A number that is above the probability of success with probability at most `alpha`; rounded
  /// down. 0 for no success.
  public static func lower(successes: Int, draws: Int, alpha: Double) -> Double {
    requireCounts(successes, draws, alpha)
    if successes == 0 { return 0 }
    // P(at least k successes) = I_p(k, n - k + 1), which grows with p.
    return SafeRounding.down(
      IncompleteBeta.root(
        logLower: log(alpha), Double(successes), Double(draws - successes + 1)
      ).below)
  }

  /// A number that is below the probability of success with probability at most `alpha`; rounded
  /// up. 1 for nothing but successes.
  public static func upper(successes: Int, draws: Int, alpha: Double) -> Double {
    requireCounts(successes, draws, alpha)
    if successes == draws { return 1 }
    // P(at most k successes) = 1 - I_p(k + 1, n - k), which falls with p.
    return min(
      SafeRounding.up(
        IncompleteBeta.root(
          logLower: log1p(-alpha), Double(successes + 1), Double(draws - successes)
        ).above), 1)
  }

  private static func requireCounts(_ successes: Int, _ draws: Int, _ alpha: Double) {
    precondition(
      draws > 0 && successes >= 0 && successes <= draws, "\(successes) successes in \(draws) draws")
    precondition(alpha > 0 && alpha < 1, "alpha is \(alpha), not in (0, 1)")
  }
}
