public import Certification
public import Robustness

/// What trials of certificates came to, with everything needed to repeat them.
public struct FalsificationResult: Sendable, Codable, Equatable {
  public static let currentSchema = 1
  public var schemaVersion = FalsificationResult.currentSchema
  /// What was tried on what, as in an evaluation's result; filled in by who knows.
  public var tool: EvaluationResult.Tool?
  public var model: EvaluationResult.ModelDescription?
  public var data: EvaluationResult.DataDescription?
  public var seed: UInt64
  public var norm: Norm
  public var attackSize: Double
  /// The certificates' failure probability, and what they were issued by.
  public var alpha: Double, draws: Int, selectionDraws: Int
  /// Where noise enters.
  public var releases: [NoiseRelease]
  public var trial: TrialOptions
  /// How many examples were tried.
  public var examples = 0
  public var certifiers: [CertifierSummary]

  /// What one certifier's certificates came to.
  public struct CertifierSummary: Sendable, Codable, Equatable {
    public var name: String
    public var sound: Bool
    /// Examples it issued a certificate for; all of them were tried.
    public var certified = 0
    /// Of those, how many were broken.
    public var violations = 0
    /// The rate of violations over all examples, at 95 %.
    public var interval: [Double] = [0, 1]
    /// The probability of so many or more by chance, where a certificate fails with probability
    /// alpha and the trial errs with its own.
    public var chance = 1.0
    /// True where that is below ``ViolationRate/significance``.
    public var refuted = false
    public var largestRadius: Double?
    /// Each broken certificate.
    public var broken: [BrokenCertificate] = []
  }

  /// A certificate, and votes that contradict it.
  public struct BrokenCertificate: Sendable, Codable, Equatable {
    public var example: Int
    public var label: Int, rival: Int
    /// What was certified, and the distance of the point that was judged first.
    public var radius: Double, judgedAt: Double
    public var votes: PairVotes
    /// The smallest distance at which the rival was shown to be ahead.
    public var flipsAt: Double
    public var flipVotes: PairVotes
  }

  init(_ subject: SmoothedSubject, _ plan: FalsificationPlan) {
    seed = plan.seed
    norm = plan.norm
    attackSize = plan.attackSize
    alpha = subject.options.alpha
    draws = subject.options.draws
    selectionDraws = subject.options.selectionDraws
    releases = subject.certification.releases[plan.norm] ?? []
    trial = plan.options
    certifiers = subject.certification.certifiers.map {
      CertifierSummary(
        name: type(of: $0).information.name, sound: type(of: $0).information.isSound)
    }
  }

  /// Names of certifiers that are theorems and were refuted nevertheless.
  public var brokenTheorems: [String] {
    certifiers.filter { $0.sound && $0.refuted }.map(\.name)
  }

  mutating func add(_ example: ExampleTrial) {
    examples += 1
    for (index, trial) in example.trials.enumerated() {
      if let trial { add(trial, example.example, to: &certifiers[index]) }
      let rate = ViolationRate(violations: certifiers[index].violations, examples: examples)
      let interval = rate.interval
      certifiers[index].interval = [interval.lowerBound, interval.upperBound]
      certifiers[index].chance = rate.tail(rate: min(alpha + self.trial.alpha, 1))
      certifiers[index].refuted = rate.refutes(alpha: alpha, trialAlpha: self.trial.alpha)
    }
  }

  private func add(
    _ trial: ExampleTrial.Trial, _ example: Int, to certifier: inout CertifierSummary
  ) {
    let (claim, finding) = (trial.claim, trial.finding)
    certifier.certified += 1
    certifier.largestRadius = max(certifier.largestRadius ?? 0, claim.radius)
    guard let violation = finding.violation else { return }
    certifier.violations += 1
    certifier.broken.append(
      BrokenCertificate(
        example: example, label: claim.label, rival: finding.rival, radius: claim.radius,
        judgedAt: finding.distance, votes: finding.votes, flipsAt: violation.distance,
        flipVotes: violation.votes))
  }
}
