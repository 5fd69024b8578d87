internal import Tensors

/// Which examples a step learns from, and how their losses become the gradient that is followed.
///
/// ``Trainer`` owns the rest: weights, optimizer, averaging, the count of steps.
public protocol TrainingMethod: AnyObject {
  /// Readies the network for a step: what is calibrated to its weights, say, but is none of them.
  /// Nothing by default.
  func prepare(_ network: inout Network, step: Int) throws

  /// The numbers of the examples of a step, from 0; there may be none. The same for the same step.
  func batch(step: Int) -> [Int]

  /// Computes `gradients` for a step, whose images are those to learn from.
  /// - Throws: ``TrainingError/diverged(step:)``; nothing has changed then.
  func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome

  /// What `compute` computed: one buffer a parameter, in the order of `Network.parameters`.
  var gradients: [UnsafePointer<Float>] { get }

  /// What the next step needs to know from the steps before; none by default.
  var memory: [Double] { get set }

  /// Whether `memory` may be set to these numbers, which come from a file; by default, if they are
  /// as many as there are and finite.
  func accepts(memory: [Double]) -> Bool
}

extension TrainingMethod {
  public func accepts(memory: [Double]) -> Bool {
    memory.count == self.memory.count && memory.allSatisfy(\.isFinite)
  }
  public func prepare(_ network: inout Network, step: Int) throws {}
  public var memory: [Double] {
    get { [] }
    set { precondition(newValue.isEmpty, "this method remembers nothing") }
  }
}

/// The mean gradient of batches that together visit every example once an epoch, in a random order.
public final class EpochDescent: TrainingMethod {
  private let configuration: TrainingConfiguration
  private let count: Int
  private let gradient: BatchGradient
  private var order: (epoch: Int, indices: [Int])?

  public init(
    for network: Network, count: Int, configuration: TrainingConfiguration, threads: Int
  ) {
    self.configuration = configuration
    self.count = count
    gradient = BatchGradient(for: network, chunk: configuration.chunk, threads: threads)
  }

  public var gradients: [UnsafePointer<Float>] { gradient.gradients }

  public func batch(step: Int) -> [Int] {
    let steps = configuration.stepsPerEpoch(count: count)
    let epoch = step / steps
    if order?.epoch != epoch {
      order = (epoch, TrainingData.order(count: count, seed: configuration.seed, epoch: epoch))
    }
    let first = step % steps * configuration.batchSize
    return Array((order?.indices ?? [])[first..<min(first + configuration.batchSize, count)])
  }

  public func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome {
    let classes = step.network.outputShape.elementCount
    let labels = step.labels
    let outcome = gradient.compute(
      step.network, images: step.images, seed: configuration.seed, step: step.number
    ) { logits, positions, gradient in
      CrossEntropy.evaluate(
        logits, labels: labels[positions], classes: classes, scale: 1 / Double(labels.count),
        gradient: gradient)
    }
    let loss = outcome.loss / Double(labels.count)
    guard loss.isFinite else { throw .diverged(step: step.number) }
    return Trainer.Outcome(loss: loss, correct: outcome.correct, count: labels.count)
  }
}
