import Certification
import Evaluation
import NeuralNetworks
import Robustness
import Tensors
import Testing

/// Claims a multiple of the exact radius of Gaussian noise, as a theorem.
private struct BoldCertifier: Certifier {
  static let information = CertifierInformation(
    name: "bold", summary: "claims too much", reference: "none", families: [.gaussian])

  var factor = 1.5

  func radius(_ evidence: Evidence) throws(CertifierError) -> Double? {
    try GaussianCertifier().radius(evidence).map { $0 * factor }
  }
}

@Suite struct FalsifierTests {
  /// Two pixels that are the logits, with noise on both: the prediction changes where they are
  /// equal.
  private func subject(
    chunk: Int? = nil, certifiers: [any Certifier] = [GaussianCertifier(), BoldCertifier()]
  ) throws -> SmoothedSubject {
    var network = Network(inputShape: [1, 1, 2])
    try network.append(Noise(.gaussian, scale: 0.3))
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [1, 0, 0, 1])))
    return try SmoothedSubject(
      SmoothedClassifier(network, chunk: chunk),
      options: SmoothingOptions(draws: 2000, selectionDraws: 50, alpha: 0.001),
      certification: CertificationPlan(
        certifiers: certifiers, releases: [.l2: network.noiseReleases(in: .l2)]))
  }

  /// Eleven images with margins from 0.2 to 0.6, which class 0 wins, and one without a margin.
  private static let source: ExampleSource = {
    var values: [Float] = []
    for example in 0..<11 {
      let half: Float = 0.1 + 0.02 * Float(example)
      values += [0.5 + half, 0.5 - half]
    }
    return ExampleSource(
      images: Tensor(shape: [12, 1, 1, 2], values: values + [0.5, 0.5]),
      labels: [Int](repeating: 0, count: 12))
  }()

  private func plan(_ range: Range<Int> = 0..<12, threads: Int = 1) -> FalsificationPlan {
    var options = TrialOptions()
    options.steps = 2
    options.gradientDraws = 2
    options.selectionDraws = 50
    options.judgementDraws = 5000
    return FalsificationPlan(
      norm: .l2, attackSize: 0.1, options: options, seed: 4, range: range, threads: threads)
  }

  /// With 2000 draws a bound is some 5 % below what holds, so half as much again is too much.
  @Test func aTheoremThatClaimsTooMuchIsRefutedAndOneThatHoldsIsNot() throws {
    let result = try Falsifier(subject(), Self.source, plan: plan()).run()
    #expect(result.examples == 12)
    #expect(result.certifiers.map { $0.name } == ["gaussian", "bold"])
    #expect(result.certifiers.map { $0.certified } == [11, 11])
    #expect(result.certifiers[0].violations == 0 && result.certifiers[0].chance == 1)
    #expect(result.certifiers[1].violations >= 9 && result.certifiers[1].refuted)
    #expect(result.brokenTheorems == ["bold"])
    for broken in result.certifiers[1].broken {
      let exact = (0.2 + 0.04 * Double(broken.example)) / 2.0.squareRoot()
      #expect(broken.radius > exact && broken.flipsAt > exact * 0.9999)
      #expect(broken.judgedAt <= broken.radius && broken.flipsAt <= broken.judgedAt)
      #expect(broken.label == 0 && broken.rival == 1)
    }
  }

  @Test(arguments: [(1, 3), (5, 2)])
  func resultsDependNeitherOnThreadsNorOnTheChunk(_ chunk: Int, _ threads: Int) throws {
    let expected = try Falsifier(subject(), Self.source, plan: plan()).run()
    let result = try Falsifier(subject(chunk: chunk), Self.source, plan: plan(threads: threads))
      .run()
    #expect(result == expected)
  }

  @Test func anInterruptedRunSaysHowFarItCame() throws {
    let falsifier = try Falsifier(subject(), Self.source, plan: plan(2..<12))
    #expect(throws: EvaluationError.interrupted(done: 0, total: 10, first: 2)) {
      try falsifier.run(isCancelled: { true })
    }
  }

  @Test func plansWithoutAMeaningAreRefused() throws {
    func message(_ subject: SmoothedSubject, _ plan: FalsificationPlan) -> String? {
      #expect(throws: EvaluationError.self) {
        _ = try Falsifier(subject, Self.source, plan: plan)
      }.map { "\($0)" }
    }
    #expect(try message(subject(certifiers: []), plan()) == "there is no certifier to be tried")
    #expect(try message(subject(), plan(0..<13)) == "examples 0..<13 of 12")
    var other = plan()
    other.norm = .l0
    #expect(try message(subject(), other) == "there are no certificates in l0")
    other = plan()
    other.attackSize = .infinity
    #expect(try message(subject(), other) == "the attack size is no size")
  }
}
