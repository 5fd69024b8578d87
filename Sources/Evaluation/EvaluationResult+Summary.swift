internal import Robustness

extension EvaluationResult {
  /// The document of a run.
  ///
  /// - Throws: `EncodingError` where an attack's parameters cannot be written.
  public init(
    _ summary: EvaluationSummary, plan: EvaluationPlan, classCount: Int, tool: Tool,
    model: ModelDescription, data: DataDescription
  ) throws {
    schemaVersion = 1
    self.tool = tool
    self.model = model
    self.data = data
    seed = plan.seed
    clean = Clean(
      examples: summary.clean.count, correct: summary.clean.correct,
      accuracy: summary.clean.value, interval: summary.clean.interval(),
      undecided: summary.cleanUndecided)
    let parameters = try plan.entries.map { try $0.attack.parameterValues() }
    attacks = summary.attacks.map { attack in
      AttackResult(
        attack, of: plan.entries[attack.entry], parameters: parameters[attack.entry])
    }
    worstCase = summary.worstCases.map {
      WorstCase(
        norm: $0.norm, epsilon: $0.epsilon.value, epsilonText: $0.epsilon.text,
        correct: $0.correct.correct, accuracy: $0.correct.value,
        interval: $0.correct.interval())
    }
    warnings = []
    warnings = findings(classCount: classCount)
  }
}

extension EvaluationResult.AttackResult {
  fileprivate init(
    _ summary: EvaluationSummary.AttackSummary, of entry: EvaluationPlan.Entry,
    parameters: [String: ParameterValue]
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
      proposalsOutside: summary.outside, undecided: summary.undecided, certified: nil)
  }
}
