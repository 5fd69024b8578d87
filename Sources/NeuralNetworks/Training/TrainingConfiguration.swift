/// Everything that decides what a training run computes, besides network, data and attack.
public struct TrainingConfiguration: Sendable, Equatable, Codable {
  /// Passes over the data; at least 1.
  public var epochs: Int
  /// Examples of a step; the last of an epoch may have fewer.
  public var batchSize: Int
  public var optimizer: Optimizer
  public var learningRate: LearningRate
  public var augmentation: Augmentation
  /// Keys the order of the examples, augmentation and dropout.
  public var seed: UInt64
  /// Examples computed together; part of the result's bits.
  public var chunk: Int
  /// The largest share that an average of the weights keeps at a step: in step t (from 0) it is
  /// `min(averaging, (t + 1) / (t + 10))` of itself and the rest of the new weights. Nil for none.
  public var averaging: Float?

  public init(
    epochs: Int, batchSize: Int = 128, optimizer: Optimizer = .sgd(),
    learningRate: LearningRate, augmentation: Augmentation = Augmentation(), seed: UInt64 = 0,
    chunk: Int = 16, averaging: Float? = nil
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.augmentation = augmentation
    self.seed = seed
    self.chunk = chunk
    self.averaging = averaging
  }

  /// Steps of one epoch of `count` examples.
  public func stepsPerEpoch(count: Int) -> Int { (count + batchSize - 1) / batchSize }

  /// - Throws: ``TrainingError/parameter(name:problem:)`` for the first number out of its range.
  public func validate() throws(TrainingError) {
    func check(_ holds: Bool, _ name: String, _ problem: String) throws(TrainingError) {
      if !holds { throw .parameter(name: name, problem: problem) }
    }
    try check(epochs > 0 && epochs <= 1 << 20, "epochs", "must be 1 to 1048576, not \(epochs)")
    try check(
      batchSize > 0 && batchSize <= 1 << 16, "batch size", "must be 1 to 65536, not \(batchSize)")
    try check(chunk > 0 && chunk <= 1 << 10, "chunk", "must be 1 to 1024, not \(chunk)")
    let rate = learningRate.peak
    try check(rate > 0 && rate.isFinite, "learning rate", "must be more than 0, not \(rate)")
    try check(
      learningRate.warmUp >= 0, "warm-up", "must be at least 0, not \(learningRate.warmUp)")
    if case .step(let every, let factor) = learningRate.schedule {
      try check(every > 0, "schedule", "must step every 1 or more epochs, not \(every)")
      try check(
        factor > 0 && factor.isFinite, "schedule", "must have a positive factor, not \(factor)")
    }
    let decay = optimizer.weightDecay
    try check(decay >= 0 && decay.isFinite, "weight decay", "must be at least 0, not \(decay)")
    switch optimizer.rule {
    case .sgd(let momentum, _):
      try check(momentum >= 0 && momentum < 1, "momentum", "must be in [0, 1), not \(momentum)")
    case .adam(let beta1, let beta2, let epsilon):
      try check(beta1 >= 0 && beta1 < 1, "beta 1", "must be in [0, 1), not \(beta1)")
      try check(beta2 >= 0 && beta2 < 1, "beta 2", "must be in [0, 1), not \(beta2)")
      try check(epsilon > 0, "epsilon", "must be more than 0, not \(epsilon)")
    }
    if let averaging {
      try check(
        averaging >= 0 && averaging < 1, "averaging", "must be in [0, 1), not \(averaging)")
    }
    let shift = augmentation.shift
    try check(shift >= 0 && shift < 1 << 10, "shift", "must be 0 to 1023, not \(shift)")
  }
}

/// What can go wrong in training.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case parameter(name: String, problem: String)
  /// Network and data do not belong together.
  case data(String)
  /// The loss is no longer a number.
  case diverged(step: Int)

  public var description: String {
    switch self {
    case .parameter(let name, let problem): "training: \(name) \(problem)"
    case .data(let problem): "training data: \(problem)"
    case .diverged(let step):
      "training diverged: the loss of step \(step) is not finite; try a smaller learning rate"
    }
  }
}
