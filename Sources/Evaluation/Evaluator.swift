internal import Robustness
public import Tensors

/// Labelled images by index.
public struct ExampleSource: Sendable {
  /// How many there are.
  public let count: Int
  /// The images `[range.count, channels, height, width]` and labels of some of them; called from
  /// several threads.
  public let examples: @Sendable (Range<Int>) throws -> (images: Tensor, labels: [Int])

  public init(
    count: Int, examples: @escaping @Sendable (Range<Int>) throws -> (images: Tensor, labels: [Int])
  ) {
    self.count = count
    self.examples = examples
  }

  /// Examples in memory: `images` is `[labels.count, channels, height, width]`.
  public init(images: Tensor, labels: [Int]) {
    precondition(images.rowCount == labels.count, "a label for every image")
    self.init(count: labels.count) { range in (images.rows(range), Array(labels[range])) }
  }
}

/// How far a run is.
public struct EvaluationProgress: Sendable, Hashable {
  /// Examples delivered, of how many.
  public var done: Int, total: Int
  /// Of those done: classified as labelled when clean, and under every attack at its largest size.
  public var cleanCorrect: Int, robustCorrect: Int
  /// Images a gradient was computed for.
  public var gradients: Int
}

/// Runs attacks against a classifier and decides what came of them.
///
/// Attacks propose images; here each is made finite, projected onto its ball and the bounds,
/// classified again and measured. An example counts as correct under attack where it is classified
/// as labelled both clean and in the recorded image. The image recorded at a size is at least as
/// bad for the model as the ones at smaller sizes, so accuracy never rises with the size. An
/// example whose clean image already meets the goal is not attacked: its clean image is recorded.
///
/// The result depends on the classifier, the examples and the plan's entries and seed: not on the
/// number of threads, the classifier's chunk, or whether a range was run in one piece.
public struct Evaluator: Sendable {
  private let subject: any Subject
  private let source: ExampleSource
  private let plan: EvaluationPlan

  /// - Throws: see ``EvaluationPlan/validate(classCount:exampleCount:)``.
  public init(_ subject: any Subject, _ source: ExampleSource, plan: EvaluationPlan) throws {
    try plan.validate(classCount: subject.classCount, exampleCount: source.count)
    self.subject = subject
    self.source = source
    self.plan = plan
  }

  /// Runs the plan.
  ///
  /// - Parameters:
  ///   - deliver: given the outcomes of consecutive examples in the order of their indices, from
  ///     any thread but one at a time.
  ///   - progress: called after each of these.
  ///   - isCancelled: asked often, from all threads.
  /// - Throws: ``EvaluationError/interrupted(done:total:first:)`` once `isCancelled` answers true;
  ///   what the source, an attack or `deliver` throws; ``EvaluationError``.
  public func run(
    deliver: (ChunkOutcome) throws -> Void = { _ in },
    progress: (EvaluationProgress) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> EvaluationSummary {
    let total = plan.range.count
    let chunks = plan.range.chunks(
      of: subject.chunk, least: subject.leastChunk, threads: plan.threads)
    var summary = SummaryAccumulator(plan)
    let run = runInOrder(
      count: chunks.count, threads: plan.threads, window: plan.threads * 4,
      worker: {
        let session = subject.subjectSession(seed: plan.seed, isCancelled: isCancelled)
        return { chunk in
          if isCancelled() { throw CancellationError() }
          return try evaluate(chunks[chunk], session)
        }
      },
      deliver: { _, outcome in
        try deliver(outcome)
        summary.add(outcome)
        progress(summary.progress)
      })
    guard let error = run.error else { return summary.summary }
    if error is CancellationError {
      throw EvaluationError.interrupted(
        done: chunks[..<run.delivered].reduce(0) { $0 + $1.count }, total: total,
        first: plan.range.lowerBound)
    }
    throw error
  }

  private func evaluate(
    _ range: Range<Int>, _ session: any SubjectSession
  ) throws -> ChunkOutcome {
    let (images, labels) = try source.examples(range)
    guard Array(images.shape.dropFirst()) == subject.inputShape else {
      throw EvaluationError.mismatch(
        problem: "the model takes images of shape \(subject.inputShape), the data hold "
          + "\(Array(images.shape.dropFirst()))")
    }
    guard images.rowCount == range.count, labels.count == range.count else {
      throw EvaluationError.mismatch(
        problem: "the data answered \(images.rowCount) images and \(labels.count) labels "
          + "for \(range.count) examples")
    }
    for (index, label) in zip(range, labels) where !(0..<subject.classCount).contains(label) {
      throw EvaluationError.label(example: index, label: label, classes: subject.classCount)
    }
    let size = images.rowSize
    if let place = images.values.firstIndex(where: { !subject.bounds.contains($0) }) {
      throw EvaluationError.value(
        example: range.lowerBound + place / size, value: images.values[place],
        bounds: subject.bounds)
    }
    return try ChunkEvaluation(
      plan, subject: subject, session: session,
      batch: Batch(images: images, indices: Array(range)), labels: labels
    ).run()
  }
}
