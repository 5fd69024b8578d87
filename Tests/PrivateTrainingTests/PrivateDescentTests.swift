import Foundation
import NeuralNetworks
import PrivateTraining
import Tensors
import TestSupport
import Testing

@Suite struct PrivateDescentTests {
  private static func network() throws -> Network {
    func normals(_ shape: [Int], _ index: Int) -> Tensor {
      let key = RandomKey(seed: 9, purpose: .test, example: index)
      return Tensor(shape: shape, values: key.normals(shape.elementCount).map { $0 * 0.3 })
    }
    var network = Network(inputShape: [1, 6, 6])
    try network.append(Convolution(weight: normals([4, 1, 3, 3], 0), bias: normals([4], 1)))
    try network.append(Activation(.tanh))
    try network.append(Reshape([64]))
    try network.append(Dropout(rate: 0.2))
    try network.append(Dense(weight: normals([3, 64], 2), bias: normals([3], 3)))
    return network
  }

  private static func data(_ count: Int) -> TrainingData {
    let values = RandomKey(seed: 4, purpose: .test).normals(count * 36)
    return TrainingData(
      images: Tensor(shape: [count, 1, 6, 6], values: values), labels: (0..<count).map { $0 % 3 })
  }

  private static func method(
    _ randomness: DPSGD.Randomness = .seeded, noise: Double = 1.5, rate: Double = 0.4,
    adaptation: ClippingAdaptation? = nil
  ) -> DPSGD {
    DPSGD(
      samplingRate: rate, expectedBatchSize: 20, clipping: .init(norm: 0.5), adaptation: adaptation,
      noiseMultiplier: noise, randomness: randomness)
  }

  private static let configuration = TrainingConfiguration(
    epochs: 3, batchSize: 20, optimizer: .sgd(), learningRate: .init(0.05),
    augmentation: Augmentation(shift: 1), seed: 5, averaging: 0.99)

  private static func trainer(
    _ method: DPSGD = method(), chunk: Int = 16, threads: Int = 1
  ) throws -> Trainer {
    let network = try network()
    return try Trainer(
      network, on: data(50), configuration: configuration,
      method: PrivateDescent(
        method, for: network, count: 50, seed: 5, chunk: chunk, threads: threads))
  }

  @Test func withoutNoiseItIsTheClippedSumByTheExpectedSize() throws {
    let network = try Self.network()
    let data = Self.data(30)
    let images = try data.images(Array(0..<30))
    let descent = try PrivateDescent(
      Self.method(noise: 0), for: network, count: 30, seed: 5, threads: 2)
    let outcome = try descent.compute(
      Trainer.Step(
        network: network, images: images, labels: data.labels, indices: Array(0..<30), number: 3))
    let sum = try ClippedGradient(for: network, threads: 1)
    _ = sum.compute(
      network, images: images, labels: data.labels, clipping: .init(norm: 0.5), seed: 5, step: 3,
      numbers: Array(0..<30))
    #expect(outcome.count == 30)
    for (index, parameter) in network.parameters.enumerated() {
      expectClose(
        parameter.values.indices.map { descent.gradients[index][$0] },
        parameter.values.indices.map { Double(sum.sums[index][$0]) / 20 }, .rounding)
    }
  }

  /// What the sensitivity rests on: who else was sampled changes nothing of an example's gradient,
  /// not its dropout, not the noise of its layers.
  @Test func anExamplesGradientIsItsOwn() throws {
    let network = try Self.network().adding(Noise(.gaussian, scale: 1), to: 1)
    let data = Self.data(50)
    func sums(_ numbers: [Int]) throws -> [[Double]] {
      let gradient = try ClippedGradient(for: network, threads: 2)
      _ = gradient.compute(
        network, images: try data.images(numbers), labels: numbers.map { data.labels[$0] },
        clipping: .init(norm: 0.5), seed: 5, step: 3, numbers: numbers)
      return zip(gradient.sums, network.parameters).map { sum, parameter in
        parameter.values.indices.map { Double(sum[$0]) }
      }
    }
    let (all, without, alone) = (try sums([3, 7, 9, 20]), try sums([3, 9, 20]), try sums([7]))
    for (index, sum) in all.enumerated() {
      expectClose(
        zip(sum, without[index]).map { Float($0 - $1) }, alone[index], .accumulation)
    }
    // The descent hands the numbers on.
    let descent = try PrivateDescent(
      Self.method(noise: 0), for: network, count: 50, seed: 5, threads: 1)
    let batch = descent.batch(step: 3)
    _ = try descent.compute(
      Trainer.Step(
        network: network, images: try data.images(batch), labels: batch.map { data.labels[$0] },
        indices: batch, number: 3))
    for (index, sum) in try sums(batch).enumerated() {
      expectClose(
        sum.indices.map { descent.gradients[index][$0] }, sum.map { $0 / 20 }, .rounding)
    }
  }

  /// An empty batch yields normal noise of deviation sigma C / m, other noise in every step.
  @Test(arguments: DPSGD.Randomness.allCases)
  func anEmptyBatchYieldsTheNoiseAlone(randomness: DPSGD.Randomness) throws {
    var network = Network(inputShape: [100])
    try network.append(Dense(weight: Tensor(shape: [400, 100])))
    let descent = try PrivateDescent(
      Self.method(randomness), for: network, count: 30, seed: 5, threads: 2)
    var all: [[Double]] = []
    for step in 0..<2 {
      let outcome = try descent.compute(
        Trainer.Step(
          network: network, images: Tensor(shape: [0, 100]), labels: [], indices: [], number: step))
      #expect(outcome == Trainer.Outcome(loss: 0, correct: 0, count: 0))
      all.append((0..<40_000).map { Double(descent.gradients[0][$0]) / (1.5 * 0.5 / 20) })
    }
    // Mean, variance and the two steps' correlation of 40,000 standard normals: five deviations.
    for values in all {
      let mean = values.reduce(0, +) / 40_000
      let square = values.reduce(0) { $0 + $1 * $1 } / 40_000
      #expect(abs(mean) < 0.025)
      #expect(abs(square - 1) < 0.036)
    }
    let correlation = zip(all[0], all[1]).reduce(0) { $0 + $1.0 * $1.1 } / 40_000
    #expect(abs(correlation) < 0.025)
  }

  @Test(arguments: DPSGD.Randomness.allCases)
  func everyExampleIsSampledAtTheRate(randomness: DPSGD.Randomness) throws {
    let (count, rate, steps) = (200, 0.1, 500)
    let descent = try PrivateDescent(
      Self.method(randomness, rate: rate), for: Self.network(), count: count, seed: 3)
    var times = [Int](repeating: 0, count: count)
    var sizes: [Int] = []
    for step in 0..<steps {
      let batch = descent.batch(step: step)
      #expect(batch == batch.sorted() && batch == descent.batch(step: step))
      sizes.append(batch.count)
      for index in batch { times[index] += 1 }
    }
    let variance = rate * (1 - rate)
    let total = sizes.reduce(0, +)
    let draws = Double(steps * count)
    let distance = abs(Double(total) - draws * rate)
    #expect(distance < 5 * (draws * variance).squareRoot())
    // 200 binomial counts: none beyond six deviations.
    let farthest = times.map { abs(Double($0) - Double(steps) * rate) }.max() ?? 0
    #expect(farthest < 6 * (Double(steps) * variance).squareRoot())
    // Sizes vary as those of independent draws do: variance 18, of 500 of them within a third.
    let mean = Double(total) / Double(steps)
    let spread = sizes.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(steps)
    let ratio = spread / (Double(count) * variance)
    #expect(abs(ratio - 1) < 0.33)
  }

  @Test func everyoneTakesPartAtRateOne() throws {
    let descent = try PrivateDescent(
      Self.method(rate: 1), for: Self.network(), count: 7, seed: 3)
    #expect(descent.batch(step: 0) == Array(0..<7))
  }

  @Test(arguments: [(2, 16), (3, 4), (1, 1)])
  func weightsDependOnNeitherThreadsNorMicroBatches(threads: Int, chunk: Int) throws {
    let (one, other) = (try Self.trainer(), try Self.trainer(chunk: chunk, threads: threads))
    for _ in 0..<4 { #expect(try one.advance() == other.advance()) }
    #expect(one.state == other.state)
    #expect(one.averagedNetwork.parameters != one.network.parameters)
  }

  @Test(arguments: [nil, ClippingAdaptation(countNoise: 2)])
  func aRunGoesOnFromACheckpointAsIfItHadNotStopped(adaptation: ClippingAdaptation?) throws {
    let method = Self.method(adaptation: adaptation)
    let run = TrainingSummary.Run(
      architecture: "test", inputShape: [1, 6, 6], classes: 3, data: "noise", attack: nil,
      method: "dp-sgd", configuration: Self.configuration)
    let whole = try Self.trainer(method)
    while !whole.isFinished { _ = try whole.advance() }
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("c.checkpoint").path
      let first = try Self.trainer(method)
      for _ in 0..<4 { _ = try first.advance() }
      try Checkpoint(run: run, state: first.state).write(to: path)
      let second = try Self.trainer(method, threads: 2)
      second.state = try Checkpoint.read(path, for: run, of: second).state
      while !second.isFinished { _ = try second.advance() }
      #expect(second.state == whole.state)
    }
  }

  /// A sampled example's augmented image, which the guarantee counts as the example's own, is made
  /// from its image, its number and the epoch alone.
  @Test func anAugmentedExampleDependsOnNoOther() throws {
    var configuration = Self.configuration
    configuration.augmentation = Augmentation(shift: 2, flips: true)
    let (network, data) = (try Self.network(), Self.data(50))
    let trainer = try Trainer(
      network, on: data, configuration: configuration,
      method: PrivateDescent(Self.method(), for: network, count: 50, seed: 5))
    var changed = 0
    while !trainer.isFinished {
      _ = try trainer.advance { step in
        for (row, index) in step.indices.enumerated() {
          let own = try data.images([index])
          let alone = configuration.augmentation.apply(
            to: own, indices: [index], seed: configuration.seed,
            epoch: step.number / trainer.stepsPerEpoch)
          #expect(step.images.row(row) == alone.row(0))
          if alone != own { changed += 1 }
        }
        return step.images
      }
    }
    #expect(changed > 0)
  }

  /// On images whose class lights up a row, with little noise: group normalisation is no obstacle.
  @Test(arguments: ["small-cnn-gn", "paper-stobatch"])
  func architecturesWithGroupNormalizationLearn(_ name: String) throws {
    let architecture = try #require(Architecture.named(name))
    let data = SystemExample.data
    let network = try architecture.makeNetwork(inputShape: [1, 4, 4], classes: 3, seed: 1)
    let method = DPSGD(
      samplingRate: 0.5, expectedBatchSize: 20, clipping: .init(norm: 1), noiseMultiplier: 0.3,
      randomness: .seeded)
    let trainer = try Trainer(
      network, on: data,
      configuration: TrainingConfiguration(
        epochs: 20, batchSize: 20, optimizer: .sgd(momentum: 0, weightDecay: 0),
        learningRate: .init(0.2)),
      method: PrivateDescent(method, for: network, count: data.count, seed: 5))
    let before = try network.correctCount(on: data, threads: 1)
    while !trainer.isFinished { _ = try trainer.advance() }
    let after = try trainer.network.correctCount(on: data, threads: 1)
    #expect(before < 30 && after >= 36, "\(before) of 40 before, \(after) after")
  }

  @Test func secureRunsAreNeverAlike() throws {
    let (one, other) = (
      try Self.trainer(Self.method(.secure)), try Self.trainer(Self.method(.secure))
    )
    _ = try one.advance()
    _ = try other.advance()
    #expect(one.network.parameters[0] != other.network.parameters[0])
  }

  @Test func anExampleWithoutAFiniteGradientCountsAsZero() throws {
    let network = try Self.network()
    let descent = try PrivateDescent(Self.method(noise: 0), for: network, count: 2, seed: 5)
    var images = Self.data(2)
    images = TrainingData(
      images: Tensor(repeating: .infinity, shape: [2, 1, 6, 6]), labels: images.labels)
    _ = try descent.compute(
      Trainer.Step(
        network: network, images: images.images([0, 1]), labels: [0, 1], indices: [0, 1], number: 0)
    )
    #expect((0..<36).allSatisfy { descent.gradients[0][$0] == 0 })
    var broken = network
    broken.parameters[1].values[0] = .nan
    #expect(throws: TrainingError.diverged(step: 1)) {
      try descent.compute(
        Trainer.Step(
          network: broken, images: images.images([0]), labels: [0], indices: [0], number: 1))
    }
  }

  /// Without noise in the gradient's way, the norm settles where the asked share is unclipped.
  @Test func theNormAdaptsToTheQuantile() throws {
    let network = try Self.network()
    let data = Self.data(400)
    let images = try data.images(Array(0..<400))
    var method = Self.method(
      noise: 1e-9, adaptation: ClippingAdaptation(quantile: 0.3, rate: 0.5, countNoise: 1))
    method.expectedBatchSize = 400
    let descent = try PrivateDescent(method, for: network, count: 400, seed: 5)
    for step in 0..<60 {
      _ = try descent.compute(
        Trainer.Step(
          network: network, images: images, labels: data.labels,
          indices: Array(data.labels.indices), number: step))
    }
    let gradient = try ClippedGradient(for: network, threads: 1)
    let outcome = gradient.compute(
      network, images: images, labels: data.labels, clipping: .init(norm: descent.clippingNorm),
      seed: 5, step: 61)
    #expect(abs(Double(outcome.within) / 400 - 0.3) < 0.05)
    #expect(descent.memory == [descent.clippingNorm])
  }

  /// 1 / z^2 = 1 / z'^2 + 1 / (2 b)^2: z = 1.2, b = 1 gives 1 / z'^2 = 0.69444 - 0.25.
  @Test func theCountsNoiseIsPartOfTheBudget() {
    let method = Self.method(noise: 1.2, adaptation: ClippingAdaptation(countNoise: 1))
    expectClose(method.gradientNoiseMultiplier, 1.5, .rounding)
    #expect(Self.method(noise: 1.2).gradientNoiseMultiplier == 1.2)
  }

  @Test func settingsOutOfRangeAreRefused() throws {
    func message(_ change: (inout DPSGD) -> Void) -> String {
      var method = Self.method()
      change(&method)
      do throws(PrivateTrainingError) {
        try method.validate()
        return "none"
      } catch { return error.description }
    }
    #expect(message { _ in } == "none")
    #expect(
      message { $0.samplingRate = 0 }
        == "private training: sampling rate must be in (0, 1], not 0.0"
    )
    #expect(message { $0.samplingRate = .nan }.contains("sampling rate"))
    #expect(message { $0.expectedBatchSize = 0 }.contains("expected batch size"))
    #expect(message { $0.clipping.norm = 0 }.contains("clipping norm"))
    #expect(message { $0.noiseMultiplier = -1 }.contains("noise multiplier"))
    #expect(
      message { $0.adaptation = ClippingAdaptation(countNoise: 0.75) }
        == "private training: noise of the count must be finite and more than half the noise "
        + "multiplier, not 0.75")
    #expect(
      message {
        $0.adaptation = ClippingAdaptation(countNoise: 9)
        $0.clipping.scope = .perLayer
      }.contains("joint norm"))
    var mixing = try Self.network()
    try mixing.append(
      BatchNormalization(
        gamma: [1, 1, 1], beta: [0, 0, 0], mean: [0, 0, 0], variance: [1, 1, 1]), named: "norm1")
    #expect(
      throws: PrivateTrainingError.network(
        problem: "layer 'norm1': batch-normalization mixes the examples of a batch: no gradient "
          + "belongs to one of them")
    ) { try PrivateDescent(Self.method(), for: mixing, count: 5, seed: 1) }
    #expect(
      throws: PrivateTrainingError.parameter(
        name: "micro-batch", problem: "must divide 16, not 3")
    ) { try PrivateDescent(Self.method(), for: Self.network(), count: 5, seed: 1, chunk: 3) }
  }
}
