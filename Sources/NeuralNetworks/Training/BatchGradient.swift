package import Tensors

/// The loss of some examples of a batch.
///
/// It reads the logits `[positions.count, classes]` of the examples at the positions, writes the
/// gradient of what is minimised with respect to them, and answers the sum of their losses and how
/// many of them are classified right.
package typealias BatchLoss =
  @Sendable (
    _ logits: UnsafePointer<Float>, _ positions: Range<Int>, _ gradient: UnsafeMutablePointer<Float>
  ) -> (loss: Double, correct: Int)

/// Computes the gradient of a batch's loss with respect to the parameters, on several threads.
///
/// The batch is cut by position into chunks; a chunk is computed by one thread, and what chunks
/// contribute is added in their order. So the result does not depend, to the bit, on the number of
/// threads.
package final class BatchGradient {
  /// What is told about a batch.
  package struct Outcome {
    /// The sum of the losses.
    package var loss: Double
    /// How many examples were classified right.
    package var correct: Int
  }

  private let chunk: Int
  private let sum: GradientSum

  package init(for network: Network, chunk: Int, threads: Int) {
    self.chunk = chunk
    sum = GradientSum(
      for: network, purpose: .training, capacity: chunk, partSize: chunk, threads: threads)
  }

  /// The gradient of each parameter after `compute`.
  package var gradients: [UnsafePointer<Float>] { sum.sums.map { UnsafePointer($0) } }

  /// Computes `gradients` for the images of one batch.
  package func compute(
    _ network: Network, images: Tensor, seed: UInt64, step: Int, loss: BatchLoss
  ) -> Outcome {
    let count = images.rowCount
    let chunks = (count + chunk - 1) / chunk
    var outcomes = [Outcome](repeating: Outcome(loss: 0, correct: 0), count: chunks)
    outcomes.withUnsafeMutableBufferPointer { outcomes in
      // Each chunk has its own outcome.
      nonisolated(unsafe) let outcomes = outcomes
      sum.compute(network, count: count) { examples, workspace, buffers in
        workspace.load(images, examples)
        workspace.forward(
          count: examples.count,
          training: TrainingPass(seed: seed, step: step, firstExample: examples.lowerBound))
        let (loss, correct) = loss(workspace.output, examples, workspace.outputGradient)
        outcomes[examples.lowerBound / chunk] = Outcome(loss: loss, correct: correct)
        workspace.addParameterGradients(to: buffers(examples.lowerBound))
      }
    }
    return outcomes.reduce(into: Outcome(loss: 0, correct: 0)) {
      $0.loss += $1.loss
      $0.correct += $1.correct
    }
  }
}
