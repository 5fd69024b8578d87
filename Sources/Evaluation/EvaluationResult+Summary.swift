internal import Robustness

extension EvaluationResult {
  /// The document of a run.
  ///
  /// - Parameters:
  ///   - subject: what was evaluated.
  ///   - privacy: the statement about the model's training.
  ///   - caveats: what must be known of its noise.
  /// - Throws: `EncodingError` where an attack's parameters cannot be written.
  public init(
    _ summary: EvaluationSummary, plan: EvaluationPlan, subject: any Subject, tool: Tool,
    model: ModelDescription, data: DataDescription, privacy: PrivacyRecord? = nil,
    caveats: [String] = []
  ) throws {
    let smoothed = subject as? SmoothedSubject
    let certifiers = smoothed?.certification.certifiers ?? []
    schemaVersion = 1
    self.tool = tool
    self.model = model
    self.data = data
    self.privacy = privacy
    seed = plan.seed
    smoothing = smoothed.map { SmoothingDescription($0, summary, caveats: caveats) }
    func certified(_ summaries: [EvaluationSummary.CertifiedSummary]) -> [Certified]? {
      summaries.isEmpty
        ? nil : summaries.map { Certified($0, type(of: certifiers[$0.certifier]).information) }
    }
    clean = Clean(
      examples: summary.clean.count, correct: summary.clean.correct,
      accuracy: summary.clean.value, interval: summary.clean.interval(),
      undecided: summary.cleanUndecided, certified: certified(summary.certified))
    let parameters = try plan.entries.map { try $0.attack.parameterValues() }
    attacks = summary.attacks.map { attack in
      AttackResult(
        attack, of: plan.entries[attack.entry], parameters: parameters[attack.entry],
        certificates: certified(attack.certified),
        randomness: smoothed?.options.gradient.name)
    }
    worstCase = summary.worstCases.map {
      WorstCase(
        norm: $0.norm, epsilon: $0.epsilon.value, epsilonText: $0.epsilon.text,
        correct: $0.correct.correct, accuracy: $0.correct.value,
        interval: $0.correct.interval())
    }
    warnings = []
    warnings = findings(classCount: subject.classCount)
  }
}

extension EvaluationResult.AttackResult {
  fileprivate init(
    _ summary: EvaluationSummary.AttackSummary, of entry: EvaluationPlan.Entry,
    parameters: [String: ParameterValue], certificates: [EvaluationResult.Certified]?,
    randomness: String?
  ) {
    self.init(
      name: entry.name, attack: type(of: entry.attack).information.name, parameters: parameters,
      norm: entry.norm, epsilon: summary.epsilon.value, epsilonText: summary.epsilon.text,
      label: entry.label, target: entry.targeting.name, iterate: entry.choice,
      examples: summary.correct.count, attacked: summary.attacked,
      correct: summary.correct.correct, accuracy: summary.correct.value,
      interval: summary.correct.interval(), successes: summary.successes,
      successesAt8Bit: summary.eightBitSuccesses,
      distances: Dictionary(
        uniqueKeysWithValues: summary.distances.map { ($0.key.rawValue, $0.value) }),
      sizesInCall: entry.epsilons.count, forwards: summary.cost.forwards,
      gradients: summary.cost.gradients, seconds: summary.seconds,
      zeroGradients: summary.cost.zero, nanGradients: summary.cost.nan,
      infiniteGradients: summary.cost.infinite,
      zeroGradientExamples: summary.zeroGradientExamples, proposalsNotFinite: summary.notFinite,
      proposalsOutside: summary.outside, undecided: summary.undecided,
      certified: certificates?.first(where: \.sound),
      certificates: certificates, randomness: randomness)
  }
}

extension EvaluationResult.Certified {
  fileprivate init(
    _ summary: EvaluationSummary.CertifiedSummary, _ information: CertifierInformation
  ) {
    self.init(
      name: information.name, norm: summary.question.norm, size: summary.question.size,
      count: summary.correct.correct, accuracy: summary.correct.value,
      interval: summary.correct.interval(),
      utility: Double(summary.robust) / Double(summary.correct.count),
      precision: summary.robust == 0
        ? nil : Double(summary.correct.correct) / Double(summary.robust),
      sound: information.isSound)
  }
}

extension EvaluationResult.SmoothingDescription {
  fileprivate init(
    _ subject: SmoothedSubject, _ summary: EvaluationSummary, caveats: [String]
  ) {
    self.init(
      draws: subject.options.draws, selectionDraws: subject.options.selectionDraws,
      alpha: subject.options.alpha,
      estimator: (subject.certification.isSequential ? "sequential " : "fixed ")
        + subject.options.estimate.rawValue,
      gradient: subject.options.gradient.name,
      drawsMade: summary.cleanDraws + summary.attacks.reduce(0) { $0 + $1.draws },
      releases: Dictionary(
        uniqueKeysWithValues: subject.certification.releases.map { ($0.key.rawValue, $0.value) }),
      caveats: caveats)
  }
}
