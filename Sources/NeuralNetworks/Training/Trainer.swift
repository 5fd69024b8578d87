public import Tensors

/// A training run that is advanced step by step: minimises the mean softmax cross-entropy.
///
/// What it computes is decided by the network given, the configuration, the method, the data and
/// the images put in place of a batch's: not by threads, and not by stopping and going on from its
/// ``State``.
public final class Trainer {
  /// Where a run stands; with the configuration and the data, all of it.
  public struct State: Sendable, Equatable {
    /// Steps taken since the beginning.
    public var step: Int
    /// The network's parameters.
    public var parameters: [Tensor]
    public var optimizer: Optimizer.State
    /// The averages of the parameters; none where the configuration does not ask for them.
    public var average: [Tensor]
    /// What the method remembers.
    public var method: [Double]

    public init(
      step: Int, parameters: [Tensor], optimizer: Optimizer.State, average: [Tensor] = [],
      method: [Double] = []
    ) {
      self.step = step
      self.parameters = parameters
      self.optimizer = optimizer
      self.average = average
      self.method = method
    }
  }

  /// What a step is about.
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

    public init(
      network: Network, images: Tensor, labels: [Int], indices: [Int], number: Int
    ) {
      self.network = network
      self.images = images
      self.labels = labels
      self.indices = indices
      self.number = number
    }
  }

  /// What came of a step.
  public struct Outcome: Sendable, Equatable {
    /// The batch's mean loss before the update.
    public var loss: Double
    /// How many of the examples were classified right before the update.
    public var correct: Int
    public var count: Int

    public init(loss: Double, correct: Int, count: Int) {
      self.loss = loss
      self.correct = correct
      self.count = count
    }
  }

  public let configuration: TrainingConfiguration
  /// The network with the present weights.
  public private(set) var network: Network
  /// Steps taken.
  public private(set) var step = 0
  private let data: TrainingData
  private var optimizerState: Optimizer.State
  private let method: any TrainingMethod
  private var average: [Tensor]
  private let threads: Int

  /// - Parameters:
  ///   - network: with its initial weights; yields one logit a class.
  ///   - data: labels below the number of classes.
  ///   - threads: which share the work of a step.
  /// - Throws: ``TrainingError`` where configuration, network and data do not fit together.
  public convenience init(
    _ network: Network, on data: TrainingData, configuration: TrainingConfiguration,
    threads: Int = 1
  ) throws(TrainingError) {
    try configuration.validate()
    precondition(threads > 0, "training takes a thread, not \(threads)")
    try self.init(
      network, on: data, configuration: configuration,
      method: EpochDescent(
        for: network, count: data.count, configuration: configuration, threads: threads),
      threads: threads)
  }

  /// A run by another method.
  ///
  /// - Parameters:
  ///   - network: with its initial weights; yields one logit a class.
  ///   - data: labels below the number of classes.
  ///   - method: made for this network, these data and this configuration.
  ///   - threads: which share the update of the weights.
  /// - Throws: ``TrainingError`` where configuration, network and data do not fit together.
  public init(
    _ network: Network, on data: TrainingData, configuration: TrainingConfiguration,
    method: any TrainingMethod, threads: Int = 1
  ) throws(TrainingError) {
    try configuration.validate()
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
    self.method = method
    self.threads = threads
    average = configuration.averaging == nil ? [] : network.parameters
  }

  /// Whether the method can go on from what a state remembers of it.
  func accepts(_ state: State) -> Bool { method.accepts(memory: state.method) }

  /// Steps of one epoch.
  public var stepsPerEpoch: Int { configuration.stepsPerEpoch(count: data.count) }
  /// Steps of the whole run.
  public var totalSteps: Int { stepsPerEpoch * configuration.epochs }
  /// Complete epochs.
  public var epoch: Int { step / stepsPerEpoch }
  public var isFinished: Bool { step >= totalSteps }

  /// Where the run stands; setting it goes on from there.
  public var state: State {
    get {
      State(
        step: step, parameters: network.parameters, optimizer: optimizerState, average: average,
        method: method.memory)
    }
    set {
      precondition(
        newValue.parameters.map(\.shape) == network.parameters.map(\.shape), "another network")
      step = newValue.step
      network.parameters = newValue.parameters
      optimizerState = newValue.optimizer
      average = newValue.average
      method.memory = newValue.method
    }
  }

  /// The network with the averages of the weights where the configuration asks for them, else with
  /// the present weights.
  public var averagedNetwork: Network {
    guard !average.isEmpty else { return network }
    var result = network
    result.parameters = average
    return result
  }

  /// Takes one step.
  ///
  /// - Parameter replacing: answers the images to learn from in place of those of the step, of the
  ///   same shape: adversarial examples, say.
  /// - Throws: what `replacing` and the data throw, and ``TrainingError/diverged(step:)``; the run
  ///   then stands where it stood.
  public func advance(replacing: (Step) throws -> Tensor = { $0.images }) throws -> Outcome {
    try method.prepare(&network, step: step)
    let outcome = try computeGradients(replacing)
    let rate = configuration.learningRate.rate(
      at: step, of: totalSteps, stepsPerEpoch: stepsPerEpoch)
    network.updateParameters {
      configuration.optimizer.update(
        &$0, gradients: method.gradients, rate: rate, state: &optimizerState, threads: threads)
    }
    if let averaging = configuration.averaging {
      let parameters = network.parameters
      let keep = min(averaging, Float(step + 1) / Float(step + 10))
      for index in parameters.indices {
        average[index].approach(parameters[index], keeping: keep)
      }
    }
    step += 1
    return outcome
  }

  /// The gradients of one step. Afterwards nobody but `network` holds its weights.
  private func computeGradients(
    _ replacing: (Step) throws -> Tensor
  ) throws -> Outcome {
    let indices = method.batch(step: step)
    let labels = indices.map { data.labels[$0] }
    var images =
      indices.isEmpty ? Tensor(shape: [0] + network.inputShape) : try data.images(indices)
    guard Array(images.shape.dropFirst()) == network.inputShape else {
      throw TrainingError.data(
        "images have shape \(images.shape.dropFirst()), the network takes \(network.inputShape)")
    }
    if images.shape.count == 4 {
      images = configuration.augmentation.apply(
        to: images, indices: indices, seed: configuration.seed, epoch: epoch)
    }
    var taken = Step(
      network: network, images: images, labels: labels, indices: indices, number: step)
    if !indices.isEmpty { taken.images = try replacing(taken) }
    precondition(
      taken.images.shape == images.shape, "\(taken.images.shape) in place of \(images.shape)")
    return try method.compute(taken)
  }
}

extension Tensor {
  /// `keep` times itself plus `1 - keep` times `other`, element by element.
  fileprivate mutating func approach(_ other: Tensor, keeping keep: Float) {
    values.withUnsafeMutableBufferPointer { values in
      other.values.withUnsafeBufferPointer { others in
        for index in values.indices {
          values[index] = keep * values[index] + (1 - keep) * others[index]
        }
      }
    }
  }
}
