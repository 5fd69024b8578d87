import Attacks
import NeuralNetworks
import PrivateTraining
import Robustness
import Tensors
import TestSupport

/// A small run for every system: 40 images of 4 x 4 in three classes.
struct SystemExample {
  /// How a system is asked for, and with what.
  struct Case: Sendable, CustomStringConvertible {
    var text: String
    var request = PrivacyRequest(targetEpsilon: 4, delta: 1e-3, randomness: .seeded)
    var description: String { text }
  }

  private static let none = PrivacyRequest()
  /// Every system, and every form of it.
  static let cases = [
    Case(text: "sgd", request: none),
    Case(text: "adversarial", request: none),
    Case(text: "dp-sgd"),
    Case(text: "dp-adversarial"),
    Case(text: "pixeldp:norm=linf", request: none),
    Case(text: "pixeldp:mechanism=laplace,delta=0,norm=l1,after=input", request: none),
    Case(text: "hgm-pixeldp", request: none),
    Case(text: "hgm-pixeldp:form=published,r=relevance,norm=linf,size=0.1", request: none),
    Case(text: "secure-sgd"),
    Case(text: "secure-sgd:r=uniform"),
    Case(text: "secure-sgd:r=random"),
    Case(text: "secure-sgd:r=private-relevance"),
    Case(text: "secure-sgd:norm=linf,size=0.1"),
    Case(text: "secure-sgd:form=published,r=relevance,norm=linf,size=0.1"),
    Case(text: "secure-sgd-agm"),
    Case(text: "adlm"),
    Case(text: "adlm:form=published"),
    Case(text: "stobatch"),
    Case(text: "stobatch:hiddenNoise=0.5"),
    Case(text: "stobatch:form=published"),
    Case(text: "optimized-noise"),
    Case(text: "optimized-noise:weighted=false"),
    Case(text: "optimized-noise:form=published"),
  ]

  static let data: TrainingData = {
    let labels = (0..<40).map { $0 % 3 }
    let noise = RandomKey(seed: 5, purpose: .test).uniforms(40 * 16)
    // The class lights up a row.
    let values = (0..<40 * 16).map { (place: Int) -> Float in
      let isLit = place % 16 / 4 == labels[place / 16]
      return noise[place] / 2 + (isLit ? 0.5 : 0)
    }
    return TrainingData(images: Tensor(shape: [40, 1, 4, 4], values: values), labels: labels)
  }()

  static func network() throws -> Network {
    var network = Network(inputShape: [1, 4, 4])
    func weights(_ shape: [Int], _ draw: Int) -> Tensor {
      let values = randomTensor(shape, draw: draw).values
      return Tensor(shape: shape, values: values.map { $0 / 2 })
    }
    try network.append(
      Convolution(
        weight: weights([2, 1, 3, 3], 1), bias: Tensor(shape: [2]), padding: Padding(all: 1)),
      named: "conv")
    try network.append(Activation(.relu), named: "relu1")
    try network.append(Reshape([32]), named: "flatten")
    try network.append(
      Dense(weight: weights([6, 32], 2), bias: Tensor(shape: [6])), named: "dense")
    try network.append(Activation(.relu), named: "relu2")
    try network.append(
      Dense(weight: weights([3, 6], 3), bias: Tensor(shape: [3])), named: "logits")
    return network
  }

  static func setting(
    _ request: PrivacyRequest = Case(text: "").request, threads: Int = 1, epochs: Int = 2
  ) throws -> TrainingSetting {
    TrainingSetting(
      network: try network(), data: data,
      configuration: TrainingConfiguration(
        epochs: epochs, batchSize: 10, optimizer: .sgd(momentum: 0, weightDecay: 0),
        learningRate: LearningRate(0.05, schedule: .constant), seed: 3, averaging: 0.9),
      privacy: request,
      adversary: Adversary(
        attacks: [try Attacks.parse("fgsm"), try Attacks.parse("madry:steps=2")], norm: .linf,
        radius: 0.1, law: .uniform, seed: 3, threads: threads),
      threads: threads)
  }

  static func trainer(_ plan: TrainingPlan, _ setting: TrainingSetting) throws -> Trainer {
    try Trainer(
      plan.network, on: setting.data, configuration: setting.configuration, method: plan.method)
  }

  /// The network that a whole run yields.
  static func run(_ system: any TrainingSystem, _ setting: TrainingSetting) throws -> Network {
    let plan = try system.plan(setting)
    let trainer = try trainer(plan, setting)
    while !trainer.isFinished { _ = try trainer.advance(replacing: plan.images) }
    return try plan.finish(trainer.averagedNetwork)
  }
}
