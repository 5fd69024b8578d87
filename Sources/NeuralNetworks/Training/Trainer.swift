public import Tensors

/// A training run that is advanced step by step: minimises the mean softmax cross-entropy.
///
/// What it computes is decided by the network given, the configuration, the data and the images
/// put in place of a batch's: not by threads, and not by stopping and going on from its ``State``.
public final class Trainer {
  /// Where a run stands; with the configuration and the data, all of it.
  public struct State: Sendable, Equatable {
    /// Steps taken since the beginning.
    public var step: Int
    /// The network's parameters.
    public var parameters: [Tensor]
    public var optimizer: Optimizer.State

    public init(step: Int, parameters: [Tensor], optimizer: Optimizer.State) {
      self.step = step
      self.parameters = parameters
      self.optimizer = optimizer
    }
  }

  /// What a step is about, for whoever changes its images.
  public struct Step: Sendable {
    /// The network before the step.
    public var network: Network
    /// `[count, inputShape...]`
    public var images: Tensor
    public var labels: [Int]
    /// The number of each example in the data.
    public var indices: [Int]
    /// From 0.
    public var number: Int
  }

  /// What came of a step.
  public struct Outcome: Sendable, Equatable {
    /// The batch's mean loss before the update.
    public var loss: Double
    /// How many of the examples were classified right before the update.
    public var correct: Int
    public var count: Int
  }

  public let configuration: TrainingConfiguration
  /// The network with the present weights.
  public private(set) var network: Network
  /// Steps taken.
  public private(set) var step = 0
  private let data: TrainingData
  private var optimizerState: Optimizer.State
  private let gradient: BatchGradient
  private var order: (epoch: Int, indices: [Int])?

  /// - Parameters:
  ///   - network: with its initial weights; yields one logit a class.
  ///   - data: labels below the number of classes.
  ///   - threads: how many chunks of a batch are computed at a time.
  /// - Throws: ``TrainingError`` where configuration, network and data do not fit together.
  public init(
    _ network: Network, on data: TrainingData, configuration: TrainingConfiguration,
    threads: Int = 1
  ) throws(TrainingError) {
    try configuration.validate()
    precondition(threads > 0, "training takes a thread, not \(threads)")
    let classes = network.outputShape.elementCount
    guard data.count > 0 else { throw .data("there are no examples") }
    if let index = data.labels.firstIndex(where: { $0 < 0 || $0 >= classes }) {
      throw .data(
        "example \(index) has label \(data.labels[index]), the network has \(classes) classes")
    }
    guard !network.parameters.isEmpty else { throw .data("the network has nothing to train") }
    self.network = network
    self.data = data
    self.configuration = configuration
    optimizerState = configuration.optimizer.initialState(for: network.parameters)
    gradient = BatchGradient(for: network, chunk: configuration.chunk, threads: threads)
  }

  /// Steps of one epoch.
  public var stepsPerEpoch: Int {
    (data.count + configuration.batchSize - 1) / configuration.batchSize
  }
  /// Steps of the whole run.
  public var totalSteps: Int { stepsPerEpoch * configuration.epochs }
  /// Complete epochs.
  public var epoch: Int { step / stepsPerEpoch }
  public var isFinished: Bool { step >= totalSteps }

  /// Where the run stands; setting it goes on from there.
  public var state: State {
    get { State(step: step, parameters: network.parameters, optimizer: optimizerState) }
    set {
      precondition(
        newValue.parameters.map(\.shape) == network.parameters.map(\.shape), "another network")
      step = newValue.step
      network.parameters = newValue.parameters
      optimizerState = newValue.optimizer
    }
  }

  /// Takes one step.
  ///
  /// - Parameter replacing: answers the images to learn from in place of those of the step, of the
  ///   same shape: adversarial examples, say.
  /// - Throws: what `replacing` and the data throw, and ``TrainingError/diverged(step:)``; the run
  ///   then stands where it stood.
  public func advance(replacing: (Step) throws -> Tensor = { $0.images }) throws -> Outcome {
    let epoch = epoch
    let indices = batch()
    let labels = indices.map { data.labels[$0] }
    var images = try data.images(indices)
    guard Array(images.shape.dropFirst()) == network.inputShape else {
      throw TrainingError.data(
        "images have shape \(images.shape.dropFirst()), the network takes \(network.inputShape)")
    }
    if images.shape.count == 4 {
      images = configuration.augmentation.apply(
        to: images, indices: indices, seed: configuration.seed, epoch: epoch)
    }
    let replaced = try replacing(
      Step(network: network, images: images, labels: labels, indices: indices, number: step))
    precondition(replaced.shape == images.shape, "\(replaced.shape) in place of \(images.shape)")
    let outcome = gradient.compute(
      network, images: replaced, labels: labels, seed: configuration.seed, step: step)
    guard outcome.loss.isFinite else { throw TrainingError.diverged(step: step) }
    let rate = configuration.learningRate.rate(
      at: step, of: totalSteps, stepsPerEpoch: stepsPerEpoch)
    var parameters = network.parameters
    configuration.optimizer.update(
      &parameters, gradients: gradient.gradients, rate: rate, state: &optimizerState)
    network.parameters = parameters
    step += 1
    return Outcome(loss: outcome.loss, correct: outcome.correct, count: indices.count)
  }

  /// The examples of the next step.
  private func batch() -> [Int] {
    let epoch = epoch
    if order?.epoch != epoch {
      order = (
        epoch, TrainingData.order(count: data.count, seed: configuration.seed, epoch: epoch)
      )
    }
    let first = step % stepsPerEpoch * configuration.batchSize
    return Array((order?.indices ?? [])[first..<min(first + configuration.batchSize, data.count)])
  }
}
