import Certification
import Evaluation
import NeuralNetworks
import Robustness
import Tensors
import Testing

@Suite struct SmoothedEvaluationTests {
  /// Two pixels that are the logits, with noise of deviation 0.3 on both: at margin m class 0 wins
  /// with probability Phi(m / 0.424).
  private func subject(
    chunk: Int? = nil, draws: Int = 400, isSequential: Bool = false,
    certifiers: [any Certifier] = [GaussianCertifier(), AGMCertifier()],
    gradient: SmoothingOptions.Gradient = .expectation(draws: 3)
  ) throws -> SmoothedSubject {
    var network = Network(inputShape: [1, 1, 2])
    try network.append(Noise(.gaussian, scale: 0.3))
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [1, 0, 0, 1])))
    return try SmoothedSubject(
      SmoothedClassifier(network, chunk: chunk),
      options: SmoothingOptions(
        draws: draws, selectionDraws: 50, alpha: 0.01, gradient: gradient),
      certification: CertificationPlan(
        certifiers: certifiers, releases: [.l2: network.noiseReleases(in: .l2)],
        isSequential: isSequential))
  }

  /// Label 0 throughout; margins 1, 0.6, 0.02 and -0.5, then random ones.
  private static let examples = ExampleSource(
    images: Tensor(
      shape: [30, 1, 1, 2],
      values: [1, 0, 0.8, 0.2, 0.51, 0.49, 0.25, 0.75]
        + RandomKey(seed: 5, purpose: .test).uniforms(52)),
    labels: [Int](repeating: 0, count: 30))

  private func plan(
    _ sizes: [String], range: Range<Int> = 0..<4, threads: Int = 1
  ) throws -> EvaluationPlan {
    EvaluationPlan(
      entries: [
        .init(
          attack: StepAttack(), norm: .l2, epsilons: try sizes.map { try Epsilon($0) },
          choice: .last)
      ], seed: 3, threads: threads, range: range)
  }

  private func run(
    _ subject: SmoothedSubject, _ plan: EvaluationPlan
  ) throws -> (summary: EvaluationSummary, records: [String]) {
    var records: [String] = []
    let summary = try Evaluator(subject, Self.examples, plan: plan).run(deliver: {
      records += $0.records(plan, certifiers: ["gaussian", "agm"])
    })
    return (summary, records)
  }

  @Test func radiiAreThoseOfTheCountsThatAreStored() throws {
    let subject = try subject()
    let estimator = try ClassEstimator(alpha: 0.01)
    var seen = 0
    _ = try Evaluator(subject, Self.examples, plan: try plan(["0.1", "0.3"])).run(deliver: {
      for clean in $0.clean {
        guard let votes = clean.verdict.votes, let selected = votes.selected else { continue }
        #expect(votes.draws == 400 && votes.selectionDraws == 50)
        #expect(votes.count + votes.runnerUp == 400)
        #expect(clean.verdict.certificates.count == 4)
        for certificate in clean.verdict.certificates {
          #expect(certificate.label == selected)
          let evidence = Evidence(
            bounds: estimator.bounds(successes: votes.count, draws: 400),
            releases: subject.certification.releases[.l2] ?? [], norm: .l2)
          let certifier = subject.certification.certifiers[certificate.certifier]
          let radius = try certifier.radius(evidence)
          #expect(radius == certificate.radius)
          seen += 1
        }
      }
    })
    #expect(seen == 16)
  }

  // Margin 1 wins with probability 0.991, 0.6 with 0.921: certified radii about 0.66 and 0.35.
  // Margin 0.02 wins with 0.519, which 400 draws leave open; margin -0.5 is the other class.
  @Test func votesAndCertificatesAreCounted() throws {
    let (summary, _) = try run(try subject(), try plan(["0.1", "0.5", "2"]))
    #expect(summary.clean.correct == 2 && summary.cleanUndecided == 1)
    let gaussian = summary.certified.filter { $0.certifier == 0 }
    #expect(gaussian.map(\.correct.correct) == [2, 1, 0])
    #expect(gaussian.map(\.robust) == [3, 1, 0])
    for (exact, analytic) in zip(gaussian, summary.certified.filter { $0.certifier == 1 }) {
      #expect(exact.correct.correct >= analytic.correct.correct)
    }
    // A step of 0.5 takes 0.707 off the margin: that turns 0.6, and 1 stays; a step of 2 turns
    // both.
    #expect(summary.attacks.map(\.successes) == [0, 1, 2])
    // Two examples, three sizes in one call, three draws a gradient.
    #expect(summary.attacks[2].cost.gradients == 2 * 3 * 3)
    // An image that was left alone keeps its votes: the first two at three sizes are new.
    #expect(summary.cleanDraws == 4 * 400)
  }

  @Test(arguments: [(1, 3), (2, nil), (1, nil)] as [(Int, Int?)], [false, true])
  func resultsDoNotDependOnTheComputation(_ computation: (Int, Int?), sequential: Bool) throws {
    let whole = try run(
      try subject(chunk: 8, isSequential: sequential), try plan(["0.1", "0.4"], range: 0..<30))
    let other = try subject(chunk: computation.1, isSequential: sequential)
    let parts = try [0..<7, 7..<30].flatMap {
      try run(other, try plan(["0.1", "0.4"], range: $0, threads: computation.0)).records
    }
    #expect(parts == whole.records)
  }

  @Test func sequentialStopsEarlyWithTheSameAnswers() throws {
    let plan = try plan(["0.05"], range: 0..<30)
    let certifiers: [any Certifier] = [GaussianCertifier()]
    let fixed = try run(try subject(draws: 4000, certifiers: certifiers), plan).summary
    let early = try run(
      try subject(draws: 4000, isSequential: true, certifiers: certifiers), plan
    ).summary
    #expect(early.certified.map(\.correct.correct) == fixed.certified.map(\.correct.correct))
    // Margins all over the range: some are next to a threshold and take all draws.
    #expect(early.cleanDraws * 2 < fixed.cleanDraws)
    #expect(fixed.cleanDraws == 30 * 4000)
  }

  // Softmax scores of margin-1 logits never vote as firmly as the votes do.
  @Test(arguments: [SmoothingOptions.Estimate.hoeffding, .bernstein])
  func scoresAreBoundedFromTheirSums(_ estimate: SmoothingOptions.Estimate) throws {
    var subject = try subject(draws: 2000)
    var options = subject.options
    options.estimate = estimate
    subject = try SmoothedSubject(
      subject.classifier, options: options, certification: subject.certification)
    let inequality = estimate == .hoeffding ? ScoreInequality.hoeffding : .empiricalBernstein
    var certified = 0
    _ = try Evaluator(subject, Self.examples, plan: try plan(["0.01"])).run(deliver: {
      for clean in $0.clean {
        guard let scores = clean.verdict.votes?.scores else {
          Issue.record("no scores")
          continue
        }
        #expect(scores.draws == 2000)
        let lower = scores.mean - scores.halfWidth(inequality, alpha: 0.01)
        let certificate = clean.verdict.certificates[0]
        #expect((certificate.radius != nil) == (lower > 0.5))
        #expect((clean.prediction != nil) == (lower > 0.5))
        guard let radius = certificate.radius else { continue }
        certified += 1
        let evidence = Evidence(
          bounds: ClassBounds(lower: lower.nextDown, upper: (1 - lower.nextDown).nextUp),
          releases: subject.certification.releases[.l2] ?? [], norm: .l2)
        let again = try GaussianCertifier().radius(evidence)
        #expect(again == radius)
      }
    })
    #expect(certified >= 2)
    #expect(throws: EvaluationError.self) {
      try SmoothedSubject(
        subject.classifier, options: options, certification: CertificationPlan(isSequential: true))
    }
  }

  @Test func theSurrogateHasNoNoise() throws {
    let (summary, _) = try run(try subject(gradient: .surrogate), try plan(["0.3"]))
    #expect(summary.attacks[0].cost.gradients == 2)
  }

  @Test(arguments: [
    (SmoothingOptions(draws: 0), "100 selection draws and 0 draws are no votes"),
    (SmoothingOptions(alpha: 1), "alpha is 1.0, expected a number in (0, 1)"),
    (SmoothingOptions(alpha: .nan), "alpha is nan, expected a number in (0, 1)"),
    (SmoothingOptions(gradient: .expectation(draws: 0)), "gradients over 0 draws are no mean"),
  ])
  func refusesOptionsOutOfRange(_ options: SmoothingOptions, _ problem: String) {
    #expect(throws: EvaluationError.plan(problem: problem)) { try options.validate() }
  }
}
