public import Certification
public import Robustness

/// Which theorems are asked about a noisy classifier, and what they may use.
public struct CertificationPlan: Sendable {
  /// What is asked; none for votes alone.
  public var certifiers: [any Certifier]
  /// For each norm that certificates are asked in, where noise enters and how far the values there
  /// can move.
  public var releases: [Norm: [NoiseRelease]]
  /// True where the draws of an image end as soon as its questions are decided; certificates then
  /// say only whether the size asked is covered.
  public var isSequential: Bool

  public init(
    certifiers: [any Certifier] = [], releases: [Norm: [NoiseRelease]] = [:],
    isSequential: Bool = false
  ) {
    self.certifiers = certifiers
    self.releases = releases
    self.isSequential = isSequential
  }
}

/// How a noisy classifier is asked.
public struct SmoothingOptions: Sendable, Hashable {
  /// How an attack sees the classifier.
  public enum Gradient: Sendable, Hashable {
    /// Means over so many fresh draws for every question (the honest default).
    case expectation(draws: Int)
    /// The network without its noise, as the papers attacked it.
    case surrogate

    /// In results: `expectation:8`, `surrogate`.
    public var name: String {
      switch self {
      case .expectation(let draws): "expectation:\(draws)"
      case .surrogate: "surrogate"
      }
    }
  }

  /// What of the draws is bounded.
  public enum Estimate: String, Sendable, Codable, CaseIterable {
    /// How often each class is the answer, by Clopper and Pearson's exact bounds.
    case votes
    /// The mean softmax outputs, by Hoeffding's inequality.
    case hoeffding
    /// The mean softmax outputs, by Maurer and Pontil's empirical Bernstein inequality.
    case bernstein

    /// The inequality for scores; nil for votes.
    public var inequality: ScoreInequality? {
      switch self {
      case .votes: nil
      case .hoeffding: .hoeffding
      case .bernstein: .empiricalBernstein
      }
    }
  }

  /// Fresh draws that decide about an image.
  public var draws: Int
  /// Draws that pick the class, and compare the images an attack proposes.
  public var selectionDraws: Int
  /// The failure probability of the whole statement about one image.
  public var alpha: Double
  public var gradient: Gradient
  public var estimate: Estimate

  public init(
    draws: Int = 1000, selectionDraws: Int = 100, alpha: Double = 0.001,
    gradient: Gradient = .expectation(draws: 8), estimate: Estimate = .votes
  ) {
    self.draws = draws
    self.selectionDraws = selectionDraws
    self.alpha = alpha
    self.gradient = gradient
    self.estimate = estimate
  }

  /// - Throws: ``EvaluationError/plan(problem:)``.
  public func validate() throws(EvaluationError) {
    guard (1...1 << 30).contains(draws), (1...1 << 30).contains(selectionDraws) else {
      throw .plan(problem: "\(selectionDraws) selection draws and \(draws) draws are no votes")
    }
    guard alpha > 0, alpha < 1 else {
      throw .plan(problem: "alpha is \(alpha), expected a number in (0, 1)")
    }
    if case .expectation(let draws) = gradient, !(1...1 << 20).contains(draws) {
      throw .plan(problem: "gradients over \(draws) draws are no mean")
    }
  }
}
