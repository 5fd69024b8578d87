import NeuralNetworks
import Privacy
import PrivateTraining
import Tensors
import Testing

@Suite struct ImageCanariesTests {
  private static let data = TrainingData(
    images: Tensor(shape: [300, 400], values: RandomKey(seed: 4, purpose: .test).normals(120_000)),
    labels: (0..<300).map { $0 % 3 })

  private static func audit(noise: Double, epochs: Int) throws -> CanaryAudit {
    var network = Network(inputShape: [400])
    try network.append(Dense(weight: Tensor(shape: [3, 400])))
    let canaries = try ImageCanaries(200, in: data, classes: 3, seed: 8)
    let method = DPSGD(
      samplingRate: 0.2, expectedBatchSize: 60, clipping: .init(norm: 1), noiseMultiplier: noise,
      randomness: .seeded)
    let trainer = try Trainer(
      network, on: canaries.data,
      configuration: TrainingConfiguration(
        epochs: epochs, batchSize: 60, learningRate: .init(1, schedule: .constant), seed: 5),
      method: canaries.leavingOut(
        PrivateDescent(method, for: network, count: 300, seed: 5, threads: 2)))
    while !trainer.isFinished { _ = try trainer.advance() }
    return try CanaryAudit(
      scores: canaries.scores(of: trainer.network), included: canaries.included, delta: 1e-5,
      confidence: 0.95)
  }

  @Test func labelsAreWrongAndOnlyThoseOfCanaries() throws {
    let canaries = try ImageCanaries(200, in: Self.data, classes: 3, seed: 8)
    #expect(Set(canaries.examples).count == 200)
    for example in 0..<300 {
      let isCanary = canaries.examples.contains(example)
      #expect((canaries.data.labels[example] != Self.data.labels[example]) == isCanary)
      #expect((0..<3).contains(canaries.data.labels[example]))
    }
  }

  @Test func whoIsOutIsInNoBatch() throws {
    let network = try { () throws -> Network in
      var network = Network(inputShape: [400])
      try network.append(Dense(weight: Tensor(shape: [3, 400])))
      return network
    }()
    let canaries = try ImageCanaries(200, in: Self.data, classes: 3, seed: 8)
    let all = DPSGD(
      samplingRate: 1, expectedBatchSize: 300, clipping: .init(norm: 1), noiseMultiplier: 1,
      randomness: .seeded)
    let batch = canaries.leavingOut(
      try PrivateDescent(all, for: network, count: 300, seed: 5)
    ).batch(step: 0)
    let absent = zip(canaries.examples, canaries.included).filter { !$1 }.map(\.0)
    #expect(batch == (0..<300).filter { !absent.contains($0) } && !absent.isEmpty)
  }

  /// What a network without noise learned by heart shows; noise hides it.
  @Test func seesWhatWasLearnedByHeart() throws {
    #expect(try Self.audit(noise: 0, epochs: 40).epsilonLowerBound > 1.5)
    #expect(try Self.audit(noise: 8, epochs: 4).epsilonLowerBound < 1)
  }

  @Test(arguments: [
    (0, 3, "must be 1 to the 300 examples, not 0"),
    (301, 3, "must be 1 to the 300 examples, not 301"),
    (5, 1, "need 2 classes for a wrong label"),
  ])
  func impossibleCanariesAreRefused(count: Int, classes: Int, problem: String) {
    #expect(throws: PrivateTrainingError.parameter(name: "canaries", problem: problem)) {
      try ImageCanaries(count, in: Self.data, classes: classes, seed: 1)
    }
  }

  /// A method that is calibrated before each step is so with canaries in it too, and goes on from its
  /// own memory.
  @Test func methodsAreReadiedAsWithoutCanaries() throws {
    var setting = try SystemExample.setting()
    let canaries = try ImageCanaries(10, in: setting.data, classes: 3, seed: 1)
    setting.data = canaries.data
    let plan = try TrainingSystems.parse("secure-sgd").plan(setting)
    let method = canaries.leavingOut(plan.method)
    var network = plan.network
    try method.prepare(&network, step: 0)
    #expect(network.noises.map(\.noise.scale) != plan.network.noises.map(\.noise.scale))
    #expect(method.accepts(memory: method.memory) && !method.accepts(memory: [-1, 0]))
  }
}
