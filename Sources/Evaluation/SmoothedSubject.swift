internal import Certification
public import Robustness
internal import Tensors

/// A classifier with noise inside, decided by votes over fresh draws.
///
/// For each image the class is picked on selection draws and bounded on others, keyed by (seed,
/// example): the same for every image of an example, whatever the threads and chunks. Candidates of
/// an attack are compared by selection draws only, so what decides about the recorded image was
/// never used to choose it. A prediction counts where the vote for it beats the strongest other at
/// confidence 1 - alpha (Hung and Fithian, "Rank Verification for Exponential Families", 2019);
/// else it is left open.
public struct SmoothedSubject: Subject {
  public let classifier: SmoothedClassifier
  public let options: SmoothingOptions
  public let certification: CertificationPlan

  /// - Throws: ``EvaluationError/plan(problem:)``, and `CertifierError` for parameters out of
  ///   range.
  public init(
    _ classifier: SmoothedClassifier, options: SmoothingOptions = .init(),
    certification: CertificationPlan = .init()
  ) throws {
    try options.validate()
    for certifier in certification.certifiers { try certifier.validate() }
    guard options.estimate == .votes || !certification.isSequential else {
      throw EvaluationError.plan(problem: "draws that end early are about votes, not about scores")
    }
    self.classifier = classifier
    self.options = options
    self.certification = certification
  }

  public var inputShape: [Int] { classifier.inputShape }
  public var classCount: Int { classifier.classCount }
  public var bounds: ClosedRange<Float> { classifier.bounds }
  public var chunk: Int { classifier.chunk }
  /// An image is decided by draws for it alone, which fill chunks.
  public var leastChunk: Int { 1 }

  public func subjectSession(
    seed: UInt64, isCancelled: @escaping () -> Bool
  ) -> any SubjectSession {
    SmoothedSubjectSession(self, seed: seed, isCancelled: isCancelled)
  }
}

/// A smoothed subject at work on one thread.
private final class SmoothedSubjectSession: SubjectSession {
  private let subject: SmoothedSubject
  private let seed: UInt64
  private let session: SmoothedSession
  private let surrogate: ClassifierSession?
  /// The votes on the clean and the last image of each example: attacks leave many images as they
  /// were, and the same draws vote the same.
  private var known: [Int: [(image: [Float], tally: VoteTally)]] = [:]
  private var thresholds: [CertificateQuestion: [Double?]] = [:]

  init(_ subject: SmoothedSubject, seed: UInt64, isCancelled: @escaping () -> Bool) {
    self.subject = subject
    self.seed = seed
    session = subject.classifier.session(isCancelled: isCancelled)
    surrogate =
      subject.options.gradient == .surrogate
      ? subject.classifier.surrogate.session(isCancelled: isCancelled) : nil
  }

  func attackModel() -> any DifferentiableModel {
    switch subject.options.gradient {
    case .surrogate:
      guard let surrogate else { preconditionFailure("the surrogate is made with the session") }
      return surrogate
    case .expectation(let draws):
      return ExpectationModel(session, seed: seed, draws: draws)
    }
  }

  var passesPerQuestion: Int {
    switch subject.options.gradient {
    case .surrogate: 1
    case .expectation(let draws): draws
    }
  }

  private var hasScores: Bool { subject.options.estimate != .votes }

  /// Shares of votes over the selection draws, or mean scores; NaN where every vote was blank.
  func scores(_ batch: Batch) throws -> Tensor {
    let draws = subject.options.selectionDraws
    var scores = Tensor(shape: [batch.count, subject.classCount])
    for (row, example) in batch.indices.enumerated() {
      let tally = try session.tally(
        batch.images.rows([row]), key: key(.selectionNoise, example), draws: draws,
        hasScores: hasScores)
      for label in tally.counts.indices {
        let share = hasScores ? tally.scoreSums[label] : Double(tally.counts[label])
        scores.values[row * subject.classCount + label] =
          tally.blank == tally.total ? .nan : Float(share / Double(draws))
      }
    }
    return scores
  }

  func verdicts(
    _ batch: Batch, scores: Tensor, questions: [CertificateQuestion]
  ) throws -> [Verdict] {
    let selections = scores.predictions()
    return try batch.indices.enumerated().map { row, example in
      try decide(batch.images.rows([row]), example, selected: selections[row], questions)
    }
  }

  /// All draws for an image.
  private func votes(on image: Tensor, _ example: Int) throws -> VoteTally {
    if let known = known[example]?.first(where: { $0.image == image.values }) {
      return known.tally
    }
    let tally = try session.tally(
      image, key: key(.modelNoise, example), draws: subject.options.draws, hasScores: hasScores)
    if known.count > 4 * subject.chunk { known.removeAll() }
    known[example] = Array((known[example] ?? []).prefix(1)) + [(image.values, tally)]
    return tally
  }

  private func key(_ purpose: RandomKey.Purpose, _ example: Int) -> RandomKey {
    RandomKey(seed: seed, purpose: purpose, example: example)
  }

  private func decide(
    _ image: Tensor, _ example: Int, selected: Int?, _ questions: [CertificateQuestion]
  ) throws -> Verdict {
    let options = subject.options
    guard subject.certification.isSequential, let selected else {
      let tally = try votes(on: image, example)
      let bounds = try selected.map { try self.bounds(tally, top: $0) }
      var verdict = Verdict(prediction: prediction(tally, selected, bounds))
      verdict.votes = votes(tally, selected)
      verdict.certificates = try certificates(bounds, selected, questions)
      return verdict
    }
    // The certificates of an image fail together with probability at most alpha, however many sizes
    // are asked; the prediction is a statement of its own, the test in front.
    let asked = try Set(questions.flatMap { try self.thresholds($0) }.compactMap(\.self)).sorted()
    let share = options.alpha / Double(max(asked.count, 1))
    var tests = [
      try SequentialTest(threshold: 0.5, alpha: options.alpha, maximum: options.draws)
    ]
    tests += try asked.map {
      try SequentialTest(threshold: $0, alpha: share, maximum: options.draws)
    }
    var seen = VoteTally(classCount: subject.classCount)
    func take(_ tally: VoteTally) {
      for index in tests.indices where tests[index].decision == nil {
        tests[index].add(
          successes: tally.counts[selected] - seen.counts[selected],
          draws: tally.total - seen.total)
      }
      seen = tally
    }
    let tally = try session.tally(
      image, key: key(.modelNoise, example), draws: options.draws
    ) { tally in
      take(tally)
      return tests.allSatisfy { $0.decision != nil }
    }
    take(tally)
    func isAbove(_ threshold: Double) -> Bool {
      tests.dropFirst().contains { $0.threshold == threshold && $0.decision == .above }
    }
    var verdict = Verdict(prediction: tests[0].decision == .above ? selected : nil)
    verdict.votes = votes(tally, selected)
    for certifier in subject.certification.certifiers.indices {
      for question in questions {
        let isCovered = try self.thresholds(question)[certifier].map(isAbove) ?? false
        verdict.certificates.append(
          IssuedCertificate(
            certifier: certifier, question: question, label: selected,
            radius: isCovered ? question.size : nil))
      }
    }
    return verdict
  }

  private func votes(_ tally: VoteTally, _ selected: Int?) -> Votes {
    Votes(
      selected: selected, selectionDraws: subject.options.selectionDraws, draws: tally.total,
      count: selected.map { tally.counts[$0] } ?? 0,
      runnerUp: tally.runnerUp(to: selected ?? -1),
      scores: selected.flatMap { hasScores ? statistics(tally, $0) : nil })
  }

  private func statistics(_ tally: VoteTally, _ label: Int) -> ScoreStatistics {
    ScoreStatistics(
      draws: tally.total, sum: tally.scoreSums[label], sumOfSquares: tally.scoreSquares[label])
  }

  /// Bounds on the picked class and its rivals that hold together but for a probability of alpha.
  private func bounds(_ tally: VoteTally, top: Int) throws -> ClassBounds {
    let estimator = try ClassEstimator(alpha: subject.options.alpha)
    guard let inequality = subject.options.estimate.inequality else {
      return estimator.bounds(successes: tally.counts[top], draws: tally.total)
    }
    return estimator.bounds(
      scores: tally.counts.indices.map { statistics(tally, $0) }, top: top, by: inequality)
  }

  /// The class of most votes, where they say at confidence 1 - alpha that it is the most likely; of
  /// scores the picked class, where the bounds put it above its rivals.
  private func prediction(_ tally: VoteTally, _ selected: Int?, _ bounds: ClassBounds?) -> Int? {
    if hasScores {
      return bounds.flatMap { $0.lower > $0.upper ? selected : nil }
    }
    guard let top = tally.top else { return nil }
    let count = tally.counts[top]
    let pair = count + tally.runnerUp(to: top)
    let lower = ClopperPearson.lower(
      successes: count, draws: pair, alpha: subject.options.alpha / 2)
    return lower >= 0.5 ? top : nil
  }

  private func certificates(
    _ bounds: ClassBounds?, _ selected: Int?, _ questions: [CertificateQuestion]
  ) throws -> [IssuedCertificate] {
    let plan = subject.certification
    return try plan.certifiers.enumerated().flatMap { index, certifier in
      try questions.map { question in
        var certificate = IssuedCertificate(
          certifier: index, question: question, label: selected, radius: nil)
        guard let bounds else { return certificate }
        certificate.radius = try certifier.radius(
          Evidence(
            bounds: bounds, releases: plan.releases[question.norm] ?? [], norm: question.norm,
            attackSize: question.size))
        return certificate
      }
    }
  }

  /// For each certifier the share of votes that covers the size, nil where none does.
  private func thresholds(_ question: CertificateQuestion) throws -> [Double?] {
    if let known = thresholds[question] { return known }
    let plan = subject.certification
    let answer = try plan.certifiers.map { certifier in
      try Planning(
        certifier: certifier, releases: plan.releases[question.norm] ?? [], norm: question.norm,
        attackSize: question.size
      ).leastLower(radius: question.size)
    }
    thresholds[question] = answer
    return answer
  }
}
