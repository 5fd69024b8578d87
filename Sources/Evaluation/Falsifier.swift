public import Certification
internal import NeuralNetworks
public import Robustness
internal import Tensors

/// What is to be tried.
public struct FalsificationPlan: Sendable {
  /// The norm of the certificates.
  public var norm: Norm
  /// The attack size asked about, in the units of the data; only formulas that do not hold depend
  /// on it.
  public var attackSize: Double
  public var options: TrialOptions
  /// Decides all draws: the certificates are those of an evaluation with this seed.
  public var seed: UInt64
  /// The examples, by index.
  public var range: Range<Int>
  /// How many threads share the work; changes no result.
  public var threads: Int

  public init(
    norm: Norm, attackSize: Double, options: TrialOptions = .init(), seed: UInt64 = 0,
    range: Range<Int>, threads: Int = 1
  ) {
    self.norm = norm
    self.attackSize = attackSize
    self.options = options
    self.seed = seed
    self.range = range
    self.threads = threads
  }
}

/// Certificates of one example, and what a trial found.
public struct ExampleTrial: Sendable {
  public var example: Int
  /// The vote's; nil where it is left open.
  public var prediction: Int?
  /// What each certifier claims and what came of it; nil where it abstains.
  public var trials: [Trial?]

  /// One claim.
  public struct Trial: Sendable {
    public var claim: Claim
    public var finding: Finding
  }
}

/// Issues certificates for examples and puts each of them to the test: see ``CertificateTrial``.
///
/// The result depends on the subject, the examples, the plan's norm, sizes, options and seed: not
/// on the number of threads or the classifier's chunk.
public struct Falsifier: Sendable {
  private let subject: SmoothedSubject
  private let source: ExampleSource
  private let plan: FalsificationPlan

  /// - Parameter subject: with at least one certifier, and releases for the plan's norm.
  /// - Throws: ``EvaluationError/plan(problem:)``, `CertificationError`.
  public init(
    _ subject: SmoothedSubject, _ source: ExampleSource, plan: FalsificationPlan
  ) throws {
    func check(_ holds: Bool, _ problem: String) throws(EvaluationError) {
      if !holds { throw .plan(problem: problem) }
    }
    try plan.options.validate()
    try check(!subject.certification.certifiers.isEmpty, "there is no certifier to be tried")
    try check(
      !subject.certification.isSequential,
      "sequential certificates have no radius of their own that could be tried")
    try check(plan.norm != .l0, "there are no certificates in l0")
    try check(plan.attackSize > 0 && plan.attackSize.isFinite, "the attack size is no size")
    try check(plan.threads > 0, "\(plan.threads) threads")
    try check(
      plan.range.lowerBound >= 0 && plan.range.upperBound <= source.count && !plan.range.isEmpty,
      "examples \(plan.range) of \(source.count)")
    self.subject = subject
    self.source = source
    self.plan = plan
  }

  /// Runs the trials.
  ///
  /// - Parameters:
  ///   - deliver: given each example's, in the order of their indices, from any thread but one at a
  ///     time.
  ///   - isCancelled: asked often, from all threads.
  /// - Throws: ``EvaluationError/interrupted(done:total:first:)`` once `isCancelled` answers true;
  ///   what the source or `deliver` throws; `CertifierError` where a certifier is not about this
  ///   noise.
  public func run(
    deliver: (ExampleTrial) throws -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> FalsificationResult {
    var result = FalsificationResult(subject, plan)
    let run = runInOrder(
      count: plan.range.count, threads: plan.threads, window: plan.threads * 4,
      worker: {
        let session = subject.subjectSession(seed: plan.seed, isCancelled: isCancelled)
        let trial = try CertificateTrial(
          subject.classifier.session(isCancelled: isCancelled), options: plan.options,
          seed: plan.seed)
        return { position in
          if isCancelled() { throw CancellationError() }
          return try examine(plan.range.lowerBound + position, session, trial)
        }
      },
      deliver: { _, example in
        try deliver(example)
        result.add(example)
      })
    guard let error = run.error else { return result }
    if error is CancellationError {
      throw EvaluationError.interrupted(
        done: run.delivered, total: plan.range.count, first: plan.range.lowerBound)
    }
    throw error
  }

  private func examine(
    _ example: Int, _ session: any SubjectSession, _ trial: CertificateTrial
  ) throws -> ExampleTrial {
    let (images, _) = try source.examples(example..<example + 1)
    guard Array(images.shape.dropFirst()) == subject.inputShape, images.rowCount == 1 else {
      throw EvaluationError.mismatch(
        problem: "the model takes images of shape \(subject.inputShape), the data hold "
          + "\(Array(images.shape.dropFirst()))")
    }
    let batch = Batch(images: images, indices: [example])
    let verdicts = try session.verdicts(
      batch, scores: try session.scores(batch),
      questions: [CertificateQuestion(norm: plan.norm, size: plan.attackSize)])
    let claims = verdicts[0].certificates.map { certificate -> Claim? in
      guard let label = certificate.label, let radius = certificate.radius, radius > 0 else {
        return nil
      }
      return Claim(label: label, radius: radius)
    }
    let made = claims.compactMap(\.self)
    var findings = try trial.examine(
      images, example: example, norm: plan.norm, claims: made
    ).makeIterator()
    return ExampleTrial(
      example: example, prediction: verdicts[0].prediction,
      trials: claims.map { claim in
        guard let claim, let finding = findings.next() else { return nil }
        return ExampleTrial.Trial(claim: claim, finding: finding)
      })
  }
}
