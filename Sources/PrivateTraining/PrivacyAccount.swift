public import Privacy

/// What a training method does with its data, as far as their privacy goes.
public struct PrivacyAccount: Sendable {
  /// Descent with clipped gradients and Gaussian noise, where that is part of it.
  public var descent: DPSGD?
  /// What a number of steps are to an accountant.
  public var event: @Sendable (_ steps: Int) -> PrivacyEvent
  /// Which data sets are compared.
  public var neighbours: NeighbouringRelation
  /// What the paper claims, where a formula of its own says so.
  public var published: PrivacyStatement.Claim?
  /// Why there is no privacy, or less than claimed: each a sentence. With any, the audited epsilon
  /// is infinite.
  public var violations: [String]
  /// What has to hold besides what every statement assumes.
  public var assumptions: [String]

  public init(
    descent: DPSGD? = nil, neighbours: NeighbouringRelation = .addOrRemoveOne,
    published: PrivacyStatement.Claim? = nil, violations: [String] = [],
    assumptions: [String] = [], event: @escaping @Sendable (_ steps: Int) -> PrivacyEvent
  ) {
    self.descent = descent
    self.event = event
    self.neighbours = neighbours
    self.published = published
    self.violations = violations
    self.assumptions = assumptions
  }

  /// Training that does not hide its data.
  public static let none = PrivacyAccount(
    violations: ["the method gives the training data no privacy"]
  ) { _ in .nonPrivate }

  /// Descent with clipped gradients and Gaussian noise.
  /// - Parameter beside: what else is released of the data.
  public init(_ method: DPSGD, beside: PrivacyEvent? = nil) {
    self.init(
      descent: method,
      assumptions: Self.samplingAssumptions(rate: method.samplingRate, method.randomness)
    ) { steps in
      let descent = method.event(steps: steps)
      return beside.map { .composed([$0, descent]) } ?? descent
    }
    if method.noiseMultiplier == 0 { violations = ["no noise is added to the gradients"] }
  }

  /// True where somebody says that the data are private, rightly or not.
  public var claimsPrivacy: Bool {
    published != nil || descent != nil || violations.isEmpty
  }

  /// What Poisson sampling with noise of a step's own rests on.
  static func samplingAssumptions(rate: Double, _ randomness: DPSGD.Randomness) -> [String] {
    [
      "each example took part in each step independently with probability \(rate) (Poisson sampling)",
      "which examples took part, and the noise, stay unknown",
      "the number of examples, and so the sampling rate, is public",
      "the weights of all steps may be seen, but no loss, accuracy or batch size on training data",
      randomness == .secure
        ? "AES-256 in counter mode with a key of the operating system yields random bits"
        : "nobody knows the seed that sampling and noise were computed from: whoever does can undo "
          + "them",
    ]
  }
}
