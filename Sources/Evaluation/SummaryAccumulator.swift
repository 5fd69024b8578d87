internal import Robustness

/// Counts outcomes in the order of the examples.
struct SummaryAccumulator {
  struct Tally {
    var correct = 0, attacked = 0, successes = 0, notFinite = 0, outside = 0, undecided = 0
    var eightBit = 0, zeroGradient = 0, brokenGradient = 0
    var distances: [Distances] = []
    var cost = Cost()
    var certified = CertificateTally()
  }
  private struct Ball: Hashable {
    var norm: Norm
    var value: Double
  }

  private let plan: EvaluationPlan
  private var done = 0, cleanCorrect = 0, cleanUndecided = 0, robust = 0
  private var tallies: [[Tally]]
  private var seconds: [Double]
  private var balls: [(ball: Ball, epsilon: Epsilon)] = []
  private var worst: [Ball: Int] = [:]
  private var certified = CertificateTally()

  init(_ plan: EvaluationPlan) {
    self.plan = plan
    tallies = plan.entries.map { [Tally](repeating: Tally(), count: $0.epsilons.count) }
    seconds = [Double](repeating: 0, count: plan.entries.count)
    for entry in plan.entries {
      for epsilon in entry.epsilons {
        let ball = Ball(norm: entry.norm, value: epsilon.value)
        if worst.updateValue(0, forKey: ball) == nil { balls.append((ball, epsilon)) }
      }
    }
  }

  mutating func add(_ chunk: ChunkOutcome) {
    for (entry, time) in chunk.seconds.enumerated() { seconds[entry] += time }
    for row in chunk.clean.indices {
      done += 1
      if chunk.clean[row].isCorrect { cleanCorrect += 1 }
      if chunk.clean[row].prediction == nil { cleanUndecided += 1 }
      certified.add(chunk.clean[row].verdict, label: chunk.clean[row].label)
      var survived = Set(worst.keys)
      var isRobust = chunk.clean[row].isCorrect
      for (entry, planned) in plan.entries.enumerated() {
        for (size, epsilon) in planned.epsilons.enumerated() {
          let outcome = chunk.attacked[entry][size].outcomes[row]
          tallies[entry][size].add(outcome)
          tallies[entry][size].certified.add(outcome.verdict, label: chunk.clean[row].label)
          guard !outcome.isCorrect else { continue }
          survived.remove(Ball(norm: planned.norm, value: epsilon.value))
          isRobust = false
        }
      }
      for ball in survived { worst[ball, default: 0] += 1 }
      if isRobust { robust += 1 }
    }
  }

  var progress: EvaluationProgress {
    EvaluationProgress(
      done: done, total: plan.range.count, cleanCorrect: cleanCorrect, robustCorrect: robust,
      gradients: tallies.reduce(0) { $0 + ($1.first?.cost.gradients ?? 0) })
  }

  var summary: EvaluationSummary {
    var attacks: [EvaluationSummary.AttackSummary] = []
    for (entry, planned) in plan.entries.enumerated() {
      for (size, epsilon) in planned.epsilons.enumerated() {
        attacks.append(
          tallies[entry][size].summary(
            entry: entry, epsilon: epsilon, count: done, seconds: seconds[entry],
            eightBit: plan.scoresEightBit))
      }
    }
    return EvaluationSummary(
      clean: Proportion(cleanCorrect, of: done), cleanUndecided: cleanUndecided,
      certified: certified.summaries(of: done), cleanDraws: certified.draws, attacks: attacks,
      worstCases: balls.map {
        .init(
          norm: $0.ball.norm, epsilon: $0.epsilon,
          correct: Proportion(worst[$0.ball] ?? 0, of: done))
      })
  }
}

extension SummaryAccumulator.Tally {
  mutating func add(_ outcome: Outcome) {
    if outcome.isCorrect { correct += 1 }
    if outcome.prediction == nil { undecided += 1 }
    if outcome.wasNotFinite { notFinite += 1 }
    if outcome.wasOutside { outside += 1 }
    cost += outcome.cost
    if outcome.cost.zero > 0 { zeroGradient += 1 }
    if outcome.cost.nan + outcome.cost.infinite > 0 { brokenGradient += 1 }
    guard outcome.isAttacked else { return }
    attacked += 1
    guard outcome.isSuccess else { return }
    successes += 1
    distances.append(outcome.distances)
    if outcome.isEightBitSuccess == true { eightBit += 1 }
  }

  func summary(
    entry: Int, epsilon: Epsilon, count: Int, seconds: Double, eightBit isScored: Bool
  ) -> EvaluationSummary.AttackSummary {
    var spreads: [Norm: EvaluationSummary.Spread] = [:]
    if !distances.isEmpty {
      spreads[.linf] = spread(\.linf)
      spreads[.l2] = spread(\.l2)
      spreads[.l1] = spread(\.l1)
      spreads[.l0] = spread(\.l0)
    }
    return EvaluationSummary.AttackSummary(
      entry: entry, epsilon: epsilon, correct: Proportion(correct, of: count), attacked: attacked,
      successes: successes, distances: spreads, cost: cost, zeroGradientExamples: zeroGradient,
      brokenGradientExamples: brokenGradient, notFinite: notFinite, outside: outside,
      undecided: undecided, eightBitSuccesses: isScored ? eightBit : nil, seconds: seconds,
      certified: certified.summaries(of: count), draws: certified.draws)
  }

  /// The median of an even number is the mean of the middle two.
  private func spread(_ distance: KeyPath<Distances, Double>) -> EvaluationSummary.Spread {
    let values = distances.map { $0[keyPath: distance] }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return .init(
      mean: values.reduce(0, +) / Double(values.count),
      median: sorted.count.isMultiple(of: 2)
        ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle])
  }
}
