internal import Dispatch
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
/// The batch is cut by position into chunks; a chunk is computed by one thread into buffers of its
/// own, and buffers are added in chunk order. So the result does not depend, to the bit, on the
/// number of threads. O(chunks computed at a time) buffers of the parameters' size.
package final class BatchGradient {
  /// What is told about a batch.
  package struct Outcome {
    /// The sum of the losses.
    package var loss: Double
    /// How many examples were classified right.
    package var correct: Int
  }

  private let chunk: Int
  private let threads: Int
  /// Offset of each parameter in a buffer.
  private let offsets: [Int]
  private let size: Int
  private var workspaces: [Workspace] = []
  private let partial: [AlignedBuffer]
  private let total: AlignedBuffer

  package init(for network: Network, chunk: Int, threads: Int) {
    self.chunk = chunk
    self.threads = threads
    var offsets: [Int] = []
    var size = 0
    for parameter in network.parameters {
      offsets.append(size)
      size += (parameter.values.count + 15) / 16 * 16
    }
    self.offsets = offsets
    self.size = size
    partial = (0..<2 * threads).map { _ in AlignedBuffer(count: size) }
    total = AlignedBuffer(count: size)
  }

  /// The gradient of each parameter after `compute`.
  package var gradients: [UnsafePointer<Float>] {
    offsets.map { UnsafePointer(total.pointer + $0) }
  }

  /// Computes `gradients` for the images of one batch.
  package func compute(
    _ network: Network, images: Tensor, seed: UInt64, step: Int, loss: BatchLoss
  ) -> Outcome {
    adopt(Plan(network, capacity: chunk, purpose: .training))
    let examples = images.rowCount
    let imageSize = images.rowSize
    let count = (examples + chunk - 1) / chunk
    var outcome = Outcome(loss: 0, correct: 0)
    total.pointer.update(repeating: 0, count: size)
    // Each worker uses its own workspace and its own slots.
    nonisolated(unsafe) let workspaces = workspaces
    let (chunk, threads, size) = (chunk, threads, size)
    let (partial, total, offsets) = (partial, total, offsets)
    for wave in stride(from: 0, to: count, by: partial.count) {
      let slots = min(partial.count, count - wave)
      var losses = [(loss: Double, correct: Int)](repeating: (0, 0), count: slots)
      losses.withUnsafeMutableBufferPointer { losses in
        nonisolated(unsafe) let losses = losses
        DispatchQueue.concurrentPerform(iterations: min(threads, slots)) { worker in
          for slot in stride(from: worker, to: slots, by: threads) {
            let first = (wave + slot) * chunk
            let last = min(first + chunk, examples)
            let workspace = workspaces[worker]
            images.values.withUnsafeBufferPointer { images in
              guard let base = images.baseAddress else { return }
              workspace.input.update(
                from: base + first * imageSize, count: (last - first) * imageSize)
            }
            workspace.forward(
              count: last - first,
              training: TrainingPass(seed: seed, step: step, firstExample: first))
            losses[slot] = loss(workspace.output, first..<last, workspace.outputGradient)
            let sums = partial[slot].pointer
            sums.update(repeating: 0, count: size)
            workspace.addParameterGradients(to: offsets.map { sums + $0 })
          }
        }
      }
      for slot in 0..<slots {
        add(partial[slot].pointer, to: total.pointer, count: size)
        outcome.loss += losses[slot].loss
        outcome.correct += losses[slot].correct
      }
    }
    for workspace in workspaces { workspace.retire() }
    return outcome
  }

  /// Gives every thread a workspace of the plan, keeping the memory of an earlier one.
  private func adopt(_ plan: Plan) {
    if workspaces.isEmpty {
      workspaces = (0..<threads).map { _ in plan.makeWorkspace() }
    } else {
      for workspace in workspaces { workspace.adopt(plan) }
    }
  }
}
