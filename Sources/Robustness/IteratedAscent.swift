public import Tensors

/// The loop of the attacks that climb the loss step by step: for each radius of a task
///
///     x <- x + step * direction;  x <- projected to the ball around x0;  x <- clipped to the bounds
///
/// where the direction is the steepest ascent of the cross-entropy
/// (``Criterion/crossEntropyAscent(_:into:)``) in the norm, or of what `accumulate` makes of its
/// gradients. All examples go through the model side by side; none sees another.
///
/// With `.last` every example takes every step and the point after the last is proposed; each
/// radius stands by itself. With `.best` the logits that come with each gradient, and one forward
/// pass after the last step, are compared in ``Incumbents``: an example that meets its criterion is
/// left alone from then on, at larger radii and in later restarts as well, where it keeps its
/// image. The gradient at the clean images is asked for once and serves every radius.
public struct IteratedAscent: Sendable {
  /// The length of a step, in the norm of the threat.
  public enum StepSize: Sendable, Equatable {
    /// In the units of the data.
    case absolute(Float)
    /// As a part of the radius.
    case relative(Double)

    /// `absolute` where it is given, otherwise `relative`.
    public init(_ absolute: Float?, relative: Double) {
      self = absolute.map { .absolute($0) } ?? .relative(relative)
    }

    /// The length for one radius.
    public func length(for radius: Float) -> Float {
      switch self {
      case .absolute(let length): length
      case .relative(let part): Float(part * Double(radius))
      }
    }
  }

  /// Where an ascent begins.
  public enum Start: Sendable, Equatable {
    /// At the clean image.
    case clean
    /// At a point drawn uniformly from the ball, within the bounds.
    case random
  }

  /// Turns one example's gradient into what the step follows: updates `memory`, which is shaped
  /// like the image and starts at zero, and whose steepest ascent is then taken.
  public typealias Accumulate =
    @Sendable (_ gradient: ThreatModel.Row, _ memory: ThreatModel.MutableRow) -> Void

  /// At least 1.
  public var steps: Int
  public var stepSize: StepSize
  /// How many ascents there are from different starts, at least 1; the best of them is proposed.
  public var restarts: Int
  /// The first ascent's start; every other is random.
  public var start: Start
  /// Nil follows the gradient itself.
  public var accumulate: Accumulate?

  public init(
    steps: Int, stepSize: StepSize, restarts: Int = 1, start: Start = .clean,
    accumulate: Accumulate? = nil
  ) {
    precondition(steps > 0 && restarts > 0, "\(steps) steps, \(restarts) restarts")
    self.steps = steps
    self.stepSize = stepSize
    self.restarts = restarts
    self.start = start
    self.accumulate = accumulate
  }

  /// The proposals for each radius of the task, as `Attack.perturb` has it.
  public func run(
    _ task: AttackTask, against model: any DifferentiableModel
  ) throws -> [Tensor] {
    guard task.batch.count > 0 else { return task.threats.map { _ in task.batch.images } }
    var clean: GradientAnswer?
    if start == .clean {
      var answer = GradientAnswer()
      try model.gradient(task.batch, into: &answer) {
        task.criteria.crossEntropyAscent($0, into: &$1)
      }
      clean = answer
    }
    var incumbents = Incumbents(task)
    return try task.threats.map { threats in
      switch task.choice {
      case .last: try lastPoints(task, threats, clean, model)
      case .best:
        try improve(&incumbents, task, threats, clean, model)
      }
    }
  }

  /// One radius of a task that wants the last points; of several restarts, the best of those.
  private func lastPoints(
    _ task: AttackTask, _ threats: [ThreatModel], _ clean: GradientAnswer?,
    _ model: any DifferentiableModel
  ) throws -> Tensor {
    var incumbents = Incumbents(task)
    for restart in 0..<restarts {
      var ascent = begin(restart, task, threats, at: Array(threats.indices))
      for step in 0..<steps {
        try ascent.ask(model, clean: step == 0 && restart == 0 ? clean : nil)
        ascent.move(accumulate)
      }
      if restarts == 1 { return ascent.batch.images }
      incumbents.offer(ascent.batch.images, logits: try model.logits(ascent.batch))
    }
    return incumbents.images
  }

  /// One radius of a task that wants the best points.
  private func improve(
    _ incumbents: inout Incumbents, _ task: AttackTask, _ threats: [ThreatModel],
    _ clean: GradientAnswer?, _ model: any DifferentiableModel
  ) throws -> Tensor {
    for restart in 0..<restarts where !incumbents.open.isEmpty {
      var ascent = begin(restart, task, threats, at: incumbents.open)
      for step in 0..<steps where !ascent.positions.isEmpty {
        try ascent.ask(model, clean: step == 0 && restart == 0 ? clean : nil)
        incumbents.offer(ascent.batch.images, logits: ascent.answer.logits, at: ascent.positions)
        if ascent.positions.contains(where: { incumbents.isMet[$0] }) {
          ascent.keep(ascent.positions.indices.filter { !incumbents.isMet[ascent.positions[$0]] })
        }
        ascent.move(accumulate)
      }
      if !ascent.positions.isEmpty {
        let logits = try model.logits(ascent.batch)
        incumbents.offer(ascent.batch.images, logits: logits, at: ascent.positions)
      }
    }
    return incumbents.images
  }

  /// One ascent's examples at their starts.
  private func begin(
    _ restart: Int, _ task: AttackTask, _ threats: [ThreatModel], at positions: [Int]
  ) -> Ascent {
    var ascent = Ascent(
      task, threats, positions, stepSize: stepSize, remembers: accumulate != nil)
    if restart > 0 || start == .random { ascent.scatter(seed: task.seed, restart: restart) }
    return ascent
  }
}

/// The examples that are still climbing, side by side.
private struct Ascent {
  /// Which examples of the task these are.
  var positions: [Int]
  /// Where they are.
  var batch: Batch
  /// What the model said of them, in the same memory at every step.
  private(set) var answer = GradientAnswer()
  private var origins: Tensor
  private var criteria: [Criterion]
  private var threats: [ThreatModel]
  private var lengths: [Float]
  private var memory: Tensor?

  init(
    _ task: AttackTask, _ threats: [ThreatModel], _ positions: [Int],
    stepSize: IteratedAscent.StepSize, remembers: Bool
  ) {
    self.positions = positions
    batch = task.batch.selecting(positions)
    origins = batch.images
    criteria = positions.map { task.criteria[$0] }
    self.threats = positions.map { threats[$0] }
    lengths = self.threats.map { stepSize.length(for: $0.radius) }
    if remembers { memory = Tensor(shape: origins.shape) }
  }

  /// Moves every example to its random start.
  mutating func scatter(seed: UInt64, restart: Int) {
    for index in positions.indices {
      let key = RandomKey(
        seed: seed, purpose: .attackStart, example: batch.indices[index], draw: restart)
      origins.readingRow(index) { origin in
        batch.images.withRow(index) { threats[index].randomStart($0, around: origin, key: key) }
      }
    }
  }

  /// Gets the model's answer, taken from the whole task's if that is given.
  mutating func ask(_ model: any DifferentiableModel, clean: GradientAnswer?) throws {
    guard let clean else {
      let criteria = criteria
      return try model.gradient(batch, into: &answer) {
        criteria.crossEntropyAscent($0, into: &$1)
      }
    }
    answer = clean
    if positions.count < clean.logits.rowCount { answer.select(positions) }
  }

  /// One step of every example.
  mutating func move(_ accumulate: IteratedAscent.Accumulate?) {
    for index in positions.indices {
      let (threat, length) = (threats[index], lengths[index])
      origins.readingRow(index) { origin in
        answer.gradient.readingRow(index) { gradient in
          batch.images.withRow(index) { point in
            guard let accumulate else {
              return threat.ascend(point, along: gradient, by: length, around: origin)
            }
            memory?.withRow(index) { memory in
              accumulate(gradient, memory)
              threat.ascend(
                point, along: ThreatModel.Row(memory), by: length, around: origin)
            }
          }
        }
      }
    }
  }

  /// Leaves all others out.
  mutating func keep(_ rows: [Int]) {
    positions = rows.map { positions[$0] }
    batch = batch.selecting(rows)
    answer.select(rows)
    origins = origins.rows(rows)
    criteria = rows.map { criteria[$0] }
    threats = rows.map { threats[$0] }
    lengths = rows.map { lengths[$0] }
    memory = memory?.rows(rows)
  }
}

extension GradientAnswer {
  /// Leaves all other rows out.
  fileprivate mutating func select(_ rows: [Int]) {
    logits = logits.rows(rows)
    gradient = gradient.rows(rows)
  }
}
