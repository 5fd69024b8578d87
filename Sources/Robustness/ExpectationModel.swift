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
    try inChunks(batch) { images, keys, _ in
      try session.expectation(images, keys: keys, draws: draws, cotangent: nil)
    }.logits
  }

  /// The cotangent is asked once for each draw and chunk of examples: it must treat every row by
  /// itself.
  public func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor) {
    try withoutActuallyEscaping(cotangent) { cotangent in
      try inChunks(batch) { images, keys, rows in
        try session.expectation(images, keys: keys, draws: draws) { logits in
          guard rows.count < batch.count else { return cotangent(logits) }
          // The caller's function knows the whole batch: its other rows are filled up with zeros.
          var all = Tensor(shape: [batch.count, self.classCount])
          for (row, target) in rows.enumerated() { all.setRow(target, to: logits, row: row) }
          return cotangent(all).rows(rows)
        }
      }
    }
  }

  private func inChunks(
    _ batch: Batch,
    _ body: (Tensor, [RandomKey], Range<Int>) throws -> (logits: Tensor, gradient: Tensor)
  ) throws -> (logits: Tensor, gradient: Tensor) {
    let keys = batch.indices.map { index in
      let question = questions[index, default: 0]
      questions[index] = question + 1
      return RandomKey(
        seed: seed, purpose: .expectationNoise, example: index, draw: question * draws)
    }
    let chunk = session.classifier.chunk
    if batch.count <= chunk { return try body(batch.images, keys, 0..<batch.count) }
    var parts: [(logits: Tensor, gradient: Tensor)] = []
    for start in stride(from: 0, to: batch.count, by: chunk) {
      let rows = start..<min(start + chunk, batch.count)
      parts.append(try body(batch.images.rows(rows), Array(keys[rows]), rows))
    }
    return (Tensor(joining: parts.map(\.logits)), Tensor(joining: parts.map(\.gradient)))
  }
}
