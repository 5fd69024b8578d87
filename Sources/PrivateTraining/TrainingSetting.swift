public import NeuralNetworks
public import Tensors

/// What a ``TrainingSystem`` is given.
public struct TrainingSetting {
  /// With its initial weights.
  public var network: Network
  public var data: TrainingData
  public var configuration: TrainingConfiguration
  public var privacy: PrivacyRequest
  /// Who perturbs training images; nil without.
  public var adversary: Adversary?
  /// The smallest and largest value an input can have.
  public var bounds: ClosedRange<Float>
  public var threads: Int
  /// Makes the method of descent with clipped gradients and Gaussian noise in place of
  /// ``PrivateDescent``: how an audit gets canaries into any system that has such a descent.
  package var makeDescent: ((DPSGD, TrainingSetting) throws -> any TrainingMethod)?

  public init(
    network: Network, data: TrainingData, configuration: TrainingConfiguration,
    privacy: PrivacyRequest = PrivacyRequest(), adversary: Adversary? = nil,
    bounds: ClosedRange<Float> = 0...1, threads: Int = 1
  ) {
    self.network = network
    self.data = data
    self.configuration = configuration
    self.privacy = privacy
    self.adversary = adversary
    self.bounds = bounds
    self.threads = threads
  }

  /// Steps of the whole run.
  public var steps: Int {
    configuration.epochs * configuration.stepsPerEpoch(count: data.count)
  }
}

/// What a run of a ``TrainingSystem`` does.
public struct TrainingPlan {
  /// The network to begin with.
  public var network: Network
  public var method: any TrainingMethod
  /// The images to learn from in place of a step's.
  public var images: (Trainer.Step) throws -> Tensor
  /// What becomes of the trained network before it is used.
  public var finish: (Network) throws -> Network
  /// What may be said of its privacy.
  public var account: PrivacyAccount
  /// What is shown of a step under noise that its examples, or steps, share; nil where no noise is
  /// shared.
  public var shows: ((Trainer.Step) throws -> SharedRelease)?

  public init(
    network: Network, method: any TrainingMethod, account: PrivacyAccount,
    images: @escaping (Trainer.Step) throws -> Tensor = { $0.images },
    finish: @escaping (Network) throws -> Network = { $0 }
  ) {
    self.network = network
    self.method = method
    self.account = account
    self.images = images
    self.finish = finish
  }
}
