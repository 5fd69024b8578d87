public import Tensors

/// A smoothed classifier as an attack through the expectation sees it (A. Athalye et al.,
/// "Synthesizing Robust Adversarial Examples", 2018): logits and gradients are means over `draws`
/// fresh draws of the noise for every question, keyed by (seed, example, how often that example was
/// asked about).
public final class ExpectationModel: DifferentiableModel {
  private let session: SmoothedSession
  private let seed: UInt64
  /// How many draws answer one question.
  public let draws: Int
  private var questions: [Int: Int] = [:]
  /// The first draw's, for each example of the question.
  private var keys: [RandomKey] = []

  public init(_ session: SmoothedSession, seed: UInt64, draws: Int) {
    precondition(draws > 0, "\(draws) draws")
    self.session = session
    self.seed = seed
    self.draws = draws
  }

  public var inputShape: [Int] { session.classifier.inputShape }
  public var classCount: Int { session.classifier.classCount }
  public var bounds: ClosedRange<Float> { session.classifier.bounds }

  public func logits(_ batch: Batch) throws -> Tensor {
    ask(batch)
    var answer = GradientAnswer()
    guard batch.count > session.classifier.chunk else {
      try session.expectation(
        batch.images, keys: keys, draws: draws, into: &answer, hasGradient: false,
        cotangent: { _, _ in })
      return answer.logits
    }
    var parts: [Tensor] = []
    for rows in chunks(of: batch) {
      try session.expectation(
        batch.images.rows(rows), keys: Array(keys[rows]), draws: draws, into: &answer,
        hasGradient: false, cotangent: { _, _ in })
      parts.append(answer.logits)
    }
    return Tensor(joining: parts)
  }

  /// The cotangent is asked once for each draw and chunk of examples: it must treat every row by
  /// itself.
  public func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor) {
    var answer = GradientAnswer()
    try gradient(batch, into: &answer) { $1 = cotangent($0) }
    return (answer.logits, answer.gradient)
  }

  public func gradient(
    _ batch: Batch, into answer: inout GradientAnswer,
    cotangent: (_ logits: Tensor, _ result: inout Tensor) -> Void
  ) throws {
    ask(batch)
    guard batch.count > session.classifier.chunk else {
      return try session.expectation(
        batch.images, keys: keys, draws: draws, into: &answer, hasGradient: true,
        cotangent: cotangent)
    }
    // The caller's function knows the whole batch: its other rows are filled up with zeros.
    var parts: [GradientAnswer] = []
    for rows in chunks(of: batch) {
      var part = GradientAnswer()
      var all = Tensor(shape: [batch.count, classCount])
      var result = all
      try session.expectation(
        batch.images.rows(rows), keys: Array(keys[rows]), draws: draws, into: &part,
        hasGradient: true
      ) { logits, target in
        for (row, place) in rows.enumerated() { all.setRow(place, to: logits, row: row) }
        cotangent(all, &result)
        target = result.rows(rows)
      }
      parts.append(part)
    }
    answer.logits = Tensor(joining: parts.map(\.logits))
    answer.gradient = Tensor(joining: parts.map(\.gradient))
  }

  /// Another question about each of the examples: sets `keys`.
  private func ask(_ batch: Batch) {
    keys.removeAll(keepingCapacity: true)
    for index in batch.indices {
      let question = questions[index, default: 0]
      questions[index] = question + 1
      keys.append(
        RandomKey(seed: seed, purpose: .expectationNoise, example: index, draw: question * draws))
    }
  }

  private func chunks(of batch: Batch) -> [Range<Int>] {
    let chunk = session.classifier.chunk
    return stride(from: 0, to: batch.count, by: chunk).map {
      $0..<min($0 + chunk, batch.count)
    }
  }
}
