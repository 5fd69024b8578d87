public import Robustness
public import Tensors

/// Projected gradient ascent with momentum whose steps get shorter where they stop to gain (Auto-PGD).
///
///     z <- P(x + eta * steepest ascent at x);  x <- P(x + 0.75 (z - x) + 0.25 (x - the x before))
///
/// eta begins at twice the radius. At the checkpoints of Equation 5 an example's eta is halved and it
/// returns to its best point, if fewer than `rho` of the steps since the last one raised its loss, or if
/// since then neither eta nor the largest loss has changed. The first step has no momentum. Losses
/// are compared by ``Criterion/logOdds(_:)``, which rises with the cross-entropy and never saturates.
///
/// With the last iterate asked for, it is the point of the largest loss that is proposed, as in the
/// paper.
public struct APGDAttack: Attack {
  /// How many steps.
  public var steps = 100
  /// How many starts.
  public var restarts = 1
  /// The part of the steps that has to raise the loss.
  public var rho = 0.75
  /// False starts the first ascent at the clean image.
  public var randomStart = true

  public static let information = AttackInformation(
    name: "apgd", summary: "Steps along the gradient that choose their length (Auto-PGD).",
    reference:
      "F. Croce, M. Hein: Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse "
      + "Parameter-free Attacks, 2020",
    norms: [.linf, .l2],
    parameters: [
      "steps": "how many steps", "restarts": "starts, all of them random",
      "rho": "the part of the steps that has to raise the loss for their length to stay",
      "randomStart": "false starts the first ascent at the clean image",
    ])

  public init() {}

  public func validate() throws(AttackError) {
    try Self.checkAscent(steps: steps, stepSize: nil, relativeStep: nil, restarts: restarts)
    try Self.check(rho, "rho", in: 0...1)
  }

  /// After how many steps there are checkpoints: 22 % of them, then in intervals that are 3 %
  /// of all shorter than the one before, but at least 6 % (Equation 5).
  package static func checkpoints(of steps: Int) -> [Int] {
    var (before, share) = (0, 22)  // percent
    var result: [Int] = []
    while share <= 100 {
      result.append((share * steps + 99) / 100)
      (before, share) = (share, share + max(share - before - 3, 6))
    }
    return result
  }

  public func perturb(
    _ task: AttackTask, against model: any DifferentiableModel
  ) throws -> [Tensor] {
    var incumbents = Incumbents(task)
    return try task.threats.map { threats in
      if task.choice == .last { incumbents = Incumbents(task) }
      for restart in 0..<restarts where !incumbents.open.isEmpty {
        let isOpen = task.choice == .best
        var climb = Climb(task, threats, at: isOpen ? incumbents.open : Array(threats.indices))
        if restart > 0 || randomStart { climb.scatter(seed: task.seed, restart: restart) }
        try run(&climb, against: model) { climb in
          guard isOpen else { return }
          incumbents.offer(climb.batch.images, logits: climb.logits, at: climb.positions)
          guard climb.positions.contains(where: { incumbents.isMet[$0] }) else { return }
          climb.keep(climb.positions.indices.filter { !incumbents.isMet[climb.positions[$0]] })
        }
        guard !isOpen else { continue }
        if restarts == 1 { return climb.best }
        let best = climb.batch.with(images: climb.best)
        incumbents.offer(climb.best, logits: try model.logits(best))
      }
      return incumbents.images
    }
  }

  /// One ascent; `visit` sees every point with its logits, and may leave examples out.
  private func run(
    _ climb: inout Climb, against model: any DifferentiableModel, visit: (inout Climb) -> Void
  ) throws {
    let checkpoints = Self.checkpoints(of: steps)
    try climb.ask(model)
    visit(&climb)
    for step in 1...steps where !climb.positions.isEmpty {
      climb.move(momentum: step == 1 ? 0 : 0.25)
      try climb.ask(model, isLast: step == steps)
      visit(&climb)
      if let index = checkpoints.firstIndex(of: step) {
        climb.check(after: step - (index > 0 ? checkpoints[index - 1] : 0), rho: rho)
      }
    }
  }
}

/// The examples that are still climbing, side by side.
private struct Climb {
  /// Which examples of the task these are.
  var positions: [Int]
  /// Where they are.
  var batch: Batch
  /// Where each had its largest loss.
  private(set) var best: Tensor
  private var bestGradient: Tensor
  private var before: Tensor
  private var origins: Tensor
  private var answer = GradientAnswer()
  private var states: [State]

  private var criteria: [Criterion]

  /// What one example remembers besides points.
  private struct State {
    var threat: ThreatModel
    /// The length of a step.
    var eta: Float
    /// Nil before the first answer.
    var loss: Double?
    var largest = -Double.infinity
    /// Steps since the last checkpoint that raised the loss.
    var gains = 0
    /// The largest loss at the last checkpoint, or at the start.
    var checked = -Double.infinity
    var wasHalved = false
  }

  init(_ task: AttackTask, _ threats: [ThreatModel], at positions: [Int]) {
    self.positions = positions
    batch = task.batch.selecting(positions)
    (best, bestGradient, before, origins) = (batch.images, batch.images, batch.images, batch.images)
    criteria = positions.map { task.criteria[$0] }
    states = positions.map { State(threat: threats[$0], eta: 2 * threats[$0].radius) }
  }

  /// Of the points where the examples are.
  var logits: Tensor { answer.logits }

  /// Moves every example to its random start.
  mutating func scatter(seed: UInt64, restart: Int) {
    for row in positions.indices {
      let key = RandomKey(
        seed: seed, purpose: .attackStart, example: batch.indices[row], draw: restart)
      origins.readingRow(row) { origin in
        batch.images.withRow(row) { states[row].threat.randomStart($0, around: origin, key: key) }
      }
    }
    (best, before) = (batch.images, batch.images)
  }

  /// Asks the model about the points, and notes the largest losses; without gradients for the last.
  mutating func ask(_ model: any DifferentiableModel, isLast: Bool = false) throws {
    if isLast {
      answer.logits = try model.logits(batch)
    } else {
      let criteria = criteria
      try model.gradient(batch, into: &answer) { criteria.crossEntropyAscent($0, into: &$1) }
    }
    for row in states.indices {
      let loss = criteria[row].logOdds(answer.logits.row(row))
      if let last = states[row].loss {
        if loss > last { states[row].gains += 1 }
      } else {
        states[row].checked = loss
      }
      states[row].loss = loss
      guard loss > states[row].largest else { continue }
      states[row].largest = loss
      best.setRow(row, to: batch.images, row: row)
      if !isLast { bestGradient.setRow(row, to: answer.gradient, row: row) }
    }
  }

  /// One step of every example.
  mutating func move(momentum: Float) {
    for row in positions.indices {
      let state = states[row]
      origins.readingRow(row) { origin in
        answer.gradient.readingRow(row) { gradient in
          batch.images.withRow(row) { point in
            before.withRow(row) { before in
              withUnsafeTemporaryAllocation(of: Float.self, capacity: point.count) { next in
                _ = next.initialize(from: point)
                state.threat.ascend(next, along: gradient, by: state.eta, around: origin)
                for index in point.indices {
                  let here = point[index]
                  let move = (1 - momentum) * (next[index] - here)
                  point[index] += move + momentum * (here - before[index])
                  before[index] = here
                }
              }
              state.threat.project(point, around: origin)
            }
          }
        }
      }
    }
  }

  /// A checkpoint after so many steps since the last.
  mutating func check(after steps: Int, rho: Double) {
    for row in states.indices {
      let stopsToGain = Double(states[row].gains) < rho * Double(steps)
      let isStuck = !states[row].wasHalved && states[row].checked == states[row].largest
      states[row].wasHalved = stopsToGain || isStuck
      states[row].checked = states[row].largest
      states[row].gains = 0
      guard states[row].wasHalved else { continue }
      states[row].eta /= 2
      states[row].loss = states[row].largest
      batch.images.setRow(row, to: best, row: row)
      answer.gradient.setRow(row, to: bestGradient, row: row)
    }
  }

  /// Leaves all others out.
  mutating func keep(_ rows: [Int]) {
    guard rows.count < positions.count else { return }
    positions = rows.map { positions[$0] }
    batch = batch.selecting(rows)
    (best, bestGradient) = (best.rows(rows), bestGradient.rows(rows))
    (before, origins) = (before.rows(rows), origins.rows(rows))
    (criteria, states) = (rows.map { criteria[$0] }, rows.map { states[$0] })
    answer.logits = answer.logits.rows(rows)
    answer.gradient = answer.gradient.rows(rows)
  }
}
