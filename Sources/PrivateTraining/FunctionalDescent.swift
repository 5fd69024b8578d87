internal import NeuralNetworks
internal import Tensors

/// Descent along the gradient of a ``TaylorLoss``, whose coefficients alone hold the data: what
/// AdLM and StoBatch minimise.
///
/// A step learns from the examples of its batch and, where `adversarialWeight` is given, also from
/// those of the batch behind it, which come second, with that weight; together
/// `(mean of L(benign) + xi mean of L(adversarial)) / (1 + xi)`.
final class FunctionalDescent: TrainingMethod {
  /// What a step's batch is.
  enum Batches {
    /// All examples once an epoch, in an order of its own.
    case shuffled
    /// The same disjoint batches in every epoch.
    case fixed
  }

  private let configuration: TrainingConfiguration
  private let count: Int
  private let classes: Int
  private let batches: Batches
  /// xi; nil: no second batch.
  private let adversarialWeight: Double?
  /// `[count, classes]`; nil: those of the release.
  private let targets: [Float]?
  private let release: LocalRelease?
  /// Added to the gradient of the last weights `[classes, hidden]`: noise on the coefficients of
  /// the linear term.
  private let outputNoise: [Float]?
  private let gradient: BatchGradient
  private let reconstruction: Reconstruction?
  private let sizes: [Int]
  private let inputSize: Int
  /// The place of the last weights among the parameters.
  private let lastWeights: Int?
  private let memoryOfGradients: UnsafeMutablePointer<Float>
  private var orders: [Int: [Int]] = [:]

  /// - Parameters:
  ///   - labels: of all examples.
  ///   - release: what is seen of the labels; nil: the labels.
  ///   - reconstruction: trains the first layer with weights in place of the loss.
  init(
    for network: Network, labels: [Int], configuration: TrainingConfiguration, threads: Int,
    batches: Batches, release: LocalRelease? = nil, adversarialWeight: Double? = nil,
    outputNoise: [Float]? = nil, reconstruction: Reconstruction? = nil
  ) {
    self.configuration = configuration
    count = labels.count
    self.batches = batches
    self.release = release
    self.adversarialWeight = adversarialWeight
    self.outputNoise = outputNoise
    self.reconstruction = reconstruction
    classes = network.outputShape.elementCount
    if release == nil {
      var targets = [Float](repeating: 0, count: labels.count * classes)
      for (example, label) in labels.enumerated() { targets[example * classes + label] = 1 }
      self.targets = targets
    } else {
      targets = nil
    }
    gradient = BatchGradient(for: network, chunk: configuration.chunk, threads: threads)
    let parameters = network.parameters
    sizes = parameters.map(\.values.count)
    inputSize = network.inputShape.elementCount
    lastWeights = parameters.lastIndex { $0.shape.count == 2 }
    memoryOfGradients = .allocate(capacity: sizes.reduce(0, +))
    memoryOfGradients.initialize(repeating: 0, count: sizes.reduce(0, +))
    precondition(
      outputNoise == nil || outputNoise?.count == lastWeights.map { sizes[$0] },
      "a number for each of the last weights")
  }

  deinit { memoryOfGradients.deallocate() }

  /// How many of a step's examples are benign.
  func benignCount(step: Int) -> Int { part(step % stepsPerEpoch).count }

  private var stepsPerEpoch: Int { configuration.stepsPerEpoch(count: count) }

  private func part(_ number: Int) -> Range<Int> {
    let first = number * configuration.batchSize
    return first..<min(first + configuration.batchSize, count)
  }

  private func order(_ epoch: Int) -> [Int] {
    let epoch = batches == .fixed ? 0 : epoch
    if let order = orders[epoch] { return order }
    let order = TrainingData.order(count: count, seed: configuration.seed, epoch: epoch)
    orders = [epoch: order]
    return order
  }

  func batch(step: Int) -> [Int] {
    let (epoch, number) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
    let order = order(epoch)
    let benign = Array(order[part(number)])
    guard adversarialWeight != nil else { return benign }
    return benign + order[part((number + 1) % stepsPerEpoch)]
  }

  func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome {
    let (indices, labels) = (step.indices, step.labels)
    let benign = benignCount(step: step.number)
    let xi = adversarialWeight ?? 0
    // Each part by its own size, which the last batch of an epoch may not share.
    let scales = [
      1 / (1 + xi) / Double(benign), xi / (1 + xi) / Double(max(indices.count - benign, 1)),
    ]
    let targets = targets ?? release?.targets() ?? []
    let classes = classes
    let outcome = gradient.compute(
      step.network, images: step.images, seed: configuration.seed, step: step.number
    ) { logits, positions, gradient in
      var (loss, correct) = (0.0, 0)
      for (row, position) in positions.enumerated() {
        let z = logits + row * classes
        let weight = scales[position < benign ? 0 : 1]
        loss += targets.withUnsafeBufferPointer { targets in
          guard let base = targets.baseAddress else { return 0 }
          return weight
            * TaylorLoss.evaluate(
              z, targets: base + indices[position] * classes, classes: classes,
              weight: weight, gradient: gradient + row * classes)
        }
        let best = (1..<classes).reduce(0) { z[$1] > z[$0] ? $1 : $0 }
        if best == labels[position] { correct += 1 }
      }
      return (loss, correct)
    }
    guard outcome.loss.isFinite else { throw .diverged(step: step.number) }
    collect(step)
    return Trainer.Outcome(loss: outcome.loss, correct: outcome.correct, count: labels.count)
  }

  /// The batch's gradients, those of the last weights with noise, those of the first layer
  /// replaced.
  private func collect(_ step: Trainer.Step) {
    let replaced = reconstruction?.gradients(step) ?? []
    for (index, target) in gradients.enumerated() {
      let target = UnsafeMutablePointer(mutating: target)
      if index < replaced.count {
        target.update(from: replaced[index], count: sizes[index])
        continue
      }
      target.update(from: gradient.gradients[index], count: sizes[index])
      if index == lastWeights, let outputNoise {
        add(outputNoise, to: target, count: sizes[index])
      }
    }
  }

  var gradients: [UnsafePointer<Float>] {
    var offset = 0
    return sizes.map { size in
      defer { offset += size }
      return UnsafePointer(memoryOfGradients + offset)
    }
  }

  func accepts(memory: [Double]) -> Bool {
    release?.accepts(memory: memory, values: inputSize) ?? memory.isEmpty
  }

  var memory: [Double] {
    get { release?.memory ?? [] }
    set {
      guard let release else {
        precondition(newValue.isEmpty, "another method's memory")
        return
      }
      release.memory = newValue
    }
  }
}
