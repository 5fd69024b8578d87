public import Robustness

/// What can be had from a number of draws, before any is made.
public struct Planning: Sendable {
  /// A probabilistic certificate.
  public var certifier: any Certifier
  /// The noise on the path.
  public var releases: [NoiseRelease]
  public var norm: Norm
  /// The attack size, where the certifier reads it.
  public var attackSize: Double?
  /// How mean scores are bounded; nil for votes.
  public var inequality: ScoreInequality?

  public init(
    certifier: any Certifier, releases: [NoiseRelease], norm: Norm, attackSize: Double? = nil,
    inequality: ScoreInequality? = nil
  ) {
    self.inequality = inequality
    self.certifier = certifier
    self.releases = releases
    self.norm = norm
    self.attackSize = attackSize
  }

  /// The radius of unanimous votes, or of scores of 1: no certificate from so many draws is larger.
  /// Nil where even those say nothing.
  /// - Throws: ``CertifierError``.
  public func reachableRadius(
    draws: Int, estimator: ClassEstimator
  ) throws(CertifierError) -> Double? {
    guard let inequality else {
      return try radius(estimator.bounds(successes: draws, draws: draws))
    }
    let count = Double(draws)
    let top = ScoreStatistics(draws: draws, sum: count, sumOfSquares: count)
    return try radius(
      estimator.bounds(scores: [top, ScoreStatistics(draws: draws)], top: 0, by: inequality))
  }

  /// The fewest draws with which `radius` can be certified, if they are unanimous; nil where
  /// `limit` draws are too few.
  /// - Throws: ``CertifierError``.
  public func leastDraws(
    radius: Double, estimator: ClassEstimator, limit: Int = 10_000_000
  ) throws(CertifierError) -> Int? {
    func suffices(_ draws: Int) throws(CertifierError) -> Bool {
      try reachableRadius(draws: draws, estimator: estimator).map { $0 >= radius } ?? false
    }
    guard try suffices(limit) else { return nil }
    var few = 0
    var enough = 1
    while try !suffices(enough) {
      few = enough
      enough = min(enough * 2, limit)
    }
    while enough - few > 1 {
      let middle = few + (enough - few) / 2
      if try suffices(middle) { enough = middle } else { few = middle }
    }
    return enough
  }

  /// The smallest lower bound on the top class, its rivals bounded by what it leaves, that
  /// certifies
  /// `radius`; nil where none below 1 does. A ``SequentialTest`` against it decides the radius.
  /// - Throws: ``CertifierError``.
  public func leastLower(radius: Double) throws(CertifierError) -> Double? {
    func suffices(_ lower: Double) throws(CertifierError) -> Bool {
      try self.radius(ClassBounds(lower: lower, upper: 1 - lower)).map { $0 >= radius } ?? false
    }
    var below = 0.5
    var above = 1.0.nextDown
    guard try suffices(above) else { return nil }
    // In terms of what is left, so that thresholds next to 1 are found to all their digits.
    while (1 - below) > (1 - above) * (1 + 1e-9) {
      let middle = 1 - ((1 - below) * (1 - above)).squareRoot()
      guard middle > below && middle < above else { break }
      if try suffices(middle) { above = middle } else { below = middle }
    }
    return above
  }

  private func radius(_ bounds: ClassBounds) throws(CertifierError) -> Double? {
    try certifier.radius(
      Evidence(bounds: bounds, releases: releases, norm: norm, attackSize: attackSize))
  }
}
