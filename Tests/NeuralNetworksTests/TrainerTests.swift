import Foundation
import NeuralNetworks
import Tensors
import TestSupport
import Testing

@Suite struct TrainerTests {
  /// Labelled noise: enough to compute with.
  private static func data(_ count: Int, shape: [Int], classes: Int) -> TrainingData {
    let values = RandomKey(seed: 4, purpose: .test).normals(count * shape.elementCount)
    return TrainingData(
      images: Tensor(shape: [count] + shape, values: values),
      labels: (0..<count).map { ($0 * 7 + $0 / 3) % classes })
  }

  /// Every kind of layer with parameters, and layers without between them.
  private static func network() throws -> Network {
    func normals(_ shape: [Int], _ index: Int) -> Tensor {
      let key = RandomKey(seed: 9, purpose: .test, example: index)
      return Tensor(shape: shape, values: key.normals(shape.elementCount).map { $0 * 0.3 })
    }
    var network = Network(inputShape: [2, 8, 8])
    try network.append(
      Convolution(
        weight: normals([4, 2, 3, 3], 0), bias: normals([4], 1), padding: Padding(all: 1)))
    try network.append(
      GroupNormalization(groups: 2, gamma: normals([4], 6), beta: normals([4], 7)))
    try network.append(Activation(.tanh))
    try network.append(MaxPool(kernel: .init(2, 2)))
    try network.append(
      Convolution(weight: normals([6, 2, 3, 3], 2), bias: normals([6], 3), groups: 2))
    try network.append(Activation(.sigmoid))
    try network.append(Reshape([24]))
    try network.append(Dense(weight: normals([5, 24], 4), bias: normals([5], 5)))
    return network
  }

  /// Winograd's convolution, and a dense layer so wide that chunks contribute factors of its
  /// gradient; smooth, for differences.
  private static func wideNetwork() throws -> Network {
    func normals(_ shape: [Int], _ index: Int) -> Tensor {
      let key = RandomKey(seed: 9, purpose: .test, example: index)
      let fanIn = Float(shape.dropFirst().reduce(1, *)).squareRoot()
      return Tensor(shape: shape, values: key.normals(shape.elementCount).map { $0 / fanIn })
    }
    var network = Network(inputShape: [2, 8, 8])
    try network.append(
      Convolution(weight: normals([16, 2, 3, 3], 0), padding: Padding(all: 1)))
    try network.append(Activation(.tanh))
    try network.append(
      Convolution(
        weight: normals([32, 16, 5, 5], 1), bias: normals([32], 2), padding: Padding(all: 2)))
    try network.append(Activation(.tanh))
    try network.append(AveragePool(kernel: .init(2, 2)))
    try network.append(Reshape([512]))
    try network.append(Dense(weight: normals([80, 512], 3), bias: normals([80], 4)))
    try network.append(Activation(.tanh))
    try network.append(Dense(weight: normals([5, 80], 5), bias: normals([5], 6)))
    return network
  }

  @Test(arguments: [false, true])
  func gradientsOfParametersAreThoseOfTheMeanLoss(isWide: Bool) throws {
    let network = try isWide ? Self.wideNetwork() : Self.network()
    let count = 6
    let data = Self.data(count, shape: network.inputShape, classes: 5)
    // One step of plain descent at rate 1 moves the parameters by the gradient.
    let trainer = try Trainer(
      network, on: data,
      configuration: TrainingConfiguration(
        epochs: 1, batchSize: count, optimizer: .sgd(momentum: 0), learningRate: .init(1),
        chunk: 4))
    _ = try trainer.advance()
    let images = try data.images(Array(0..<count))

    func loss(_ parameters: [Tensor]) -> Double {
      var changed = network
      changed.parameters = parameters
      var total = 0.0
      for example in 0..<count {
        let logits = changed.evaluate(images.row(example).map(Double.init))
        total += log(logits.reduce(0) { $0 + exp($1) }) - logits[data.labels[example]]
      }
      return total / Double(count)
    }
    for (index, parameter) in network.parameters.enumerated() {
      let gradient = zip(parameter.values, trainer.network.parameters[index].values)
        .map { Double($0) - Double($1) }
      let scale = gradient.reduce(0) { max($0, abs($1)) }
      for element in stride(from: 0, to: gradient.count, by: max(1, gradient.count / 7)) {
        var (up, down) = (network.parameters, network.parameters)
        up[index].values[element] += 0x1p-10
        down[index].values[element] -= 0x1p-10
        let distance = Double(up[index].values[element]) - Double(down[index].values[element])
        let difference = (loss(up) - loss(down)) / distance
        #expect(
          abs(gradient[element] - difference) < 1e-3 * scale + 1e-6,
          "parameter \(index) element \(element): \(gradient[element]), by differences \(difference)"
        )
      }
    }
  }

  private static let configuration = TrainingConfiguration(
    epochs: 3, batchSize: 20, optimizer: .sgd(weightDecay: 1e-3),
    learningRate: .init(0.05, schedule: .cosine, warmUp: 2),
    augmentation: Augmentation(shift: 1, flips: true), seed: 5, chunk: 4)

  private static func trainer(
    threads: Int = 1, isWide: Bool = false,
    _ configuration: TrainingConfiguration = configuration
  ) throws -> Trainer {
    var network = try isWide ? wideNetwork() : network()
    // Dropout is part of what must not depend on threads.
    let logits = network.output
    try network.append(Dropout(rate: 0.3), reading: [logits])
    return try Trainer(
      network, on: data(50, shape: [2, 8, 8], classes: 5), configuration: configuration,
      threads: threads)
  }

  @Test(arguments: [2, 3, 8], [false, true])
  func weightsDoNotDependOnThreads(threads: Int, isWide: Bool) throws {
    // Fewer chunks than there is memory for, and more, and fewer than threads.
    for (batchSize, chunk) in [(20, 4), (50, 4), (50, 16)] {
      var configuration = Self.configuration
      configuration.batchSize = batchSize
      configuration.chunk = chunk
      let one = try Self.trainer(isWide: isWide, configuration)
      let many = try Self.trainer(threads: threads, isWide: isWide, configuration)
      for _ in 0..<3 {
        #expect(try one.advance() == many.advance())
      }
      #expect(one.state == many.state)
    }
  }

  /// Weights are packed again in the same memory: each step must see those of its own.
  @Test(arguments: [false, true])
  func everyStepsLossIsThatOfItsWeights(isWide: Bool) throws {
    let data = Self.data(30, shape: [2, 8, 8], classes: 5)
    let trainer = try Trainer(
      isWide ? Self.wideNetwork() : Self.network(), on: data,
      configuration: TrainingConfiguration(
        epochs: 4, batchSize: 30, learningRate: .init(0.3), chunk: 4), threads: 2)
    let images = try data.images(Array(0..<30))
    var losses: [Double] = []
    while !trainer.isFinished {
      let network = trainer.network
      let expected = (0..<30).reduce(0.0) { total, example in
        let logits = network.evaluate(images.row(example).map(Double.init))
        let normalizer = log(logits.reduce(0) { $0 + exp($1) })
        return total + (normalizer - logits[data.labels[example]]) / 30
      }
      losses.append(try trainer.advance().loss)
      #expect(abs(losses[losses.count - 1] - expected) < 1e-5 * expected)
    }
    // Steps so large that the losses of two are not taken for one another.
    #expect(zip(losses, losses.dropFirst()).allSatisfy { abs($0 - $1) > 1e-3 })
  }

  @Test(arguments: [Optimizer.sgd(momentum: 0.9), .adam(weightDecay: 0.01)])
  func aRunGoesOnFromACheckpointAsIfItHadNotStopped(optimizer: Optimizer) throws {
    var configuration = Self.configuration
    configuration.optimizer = optimizer
    let folder = FileManager.default.temporaryDirectory.path + "/gauntlet-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = TrainingSummary.Run(
      architecture: "test", inputShape: [2, 8, 8], classes: 5, data: "noise", attack: nil,
      configuration: configuration)
    let whole = try Self.trainer(configuration)
    while !whole.isFinished { _ = try whole.advance() }

    let first = try Self.trainer(configuration)
    for _ in 0..<4 { _ = try first.advance() }
    try Checkpoint(run: run, state: first.state).write(to: folder + "/c.checkpoint")
    let second = try Self.trainer(threads: 2, configuration)
    second.state = try Checkpoint.read(folder + "/c.checkpoint", for: run, of: second).state
    while !second.isFinished { _ = try second.advance() }
    #expect(second.state == whole.state)
  }

  private static func trainer(_ configuration: TrainingConfiguration) throws -> Trainer {
    try trainer(threads: 1, configuration)
  }

  @Test func checkpointsOfOtherRunsAndDamagedOnesAreRefusedAndKept() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/gauntlet-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/c.checkpoint"
    let trainer = try Self.trainer()
    let run = TrainingSummary.Run(
      architecture: "test", inputShape: [2, 8, 8], classes: 5, data: "noise", attack: nil,
      configuration: Self.configuration)
    try Checkpoint(run: run, state: trainer.state).write(to: path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))

    func message(_ run: TrainingSummary.Run) -> String {
      do {
        _ = try Checkpoint.read(path, for: run, of: trainer)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(message(run) == "none")
    var other = run
    other.configuration.learningRate.peak = 0.25
    #expect(
      message(other)
        == "file '\(path)': belongs to another run: configuration.learningRate.peak is "
        + "0.05, not 0.25")
    var damaged = bytes
    damaged[damaged.count - 9] ^= 0x10
    try damaged.write(to: URL(fileURLWithPath: path))
    #expect(message(run).contains("is damaged"))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
    #expect(message(run).contains(" bytes"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == bytes.count / 2)
  }

  /// Whichever bit of the file is wrong: an error, or nothing that training would see.
  @Test func noFlippedBitGoesUnnoticed() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/gauntlet-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/c.checkpoint"
    var network = Network(inputShape: [4])
    try network.append(
      Dense(weight: Tensor(shape: [3, 4], values: (0..<12).map { Float($0) - 5.5 })))
    var configuration = TrainingConfiguration(epochs: 3, learningRate: LearningRate(0.05))
    configuration.optimizer = .adam()
    let trainer = try Trainer(
      network, on: TrainingData(images: Tensor(shape: [8, 4]), labels: [0, 1, 2, 0, 1, 2, 0, 1]),
      configuration: configuration)
    _ = try trainer.advance()
    let run = TrainingSummary.Run(
      architecture: "test", inputShape: [4], classes: 3, data: "noise", attack: nil,
      configuration: configuration)
    try Checkpoint(run: run, state: trainer.state).write(to: path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(place % 8)
      try damaged.write(to: URL(fileURLWithPath: path))
      guard let read = try? Checkpoint.read(path, for: run, of: trainer) else { continue }
      #expect(read.state == trainer.state, "byte \(place)")
    }
    for count in stride(from: 0, to: bytes.count, by: 7) {
      try bytes.prefix(count).write(to: URL(fileURLWithPath: path))
      #expect(throws: (any Error).self) { try Checkpoint.read(path, for: run, of: trainer) }
    }
  }

  @Test func anEpochVisitsEveryExampleOnceInAnOrderOfItsOwn() {
    let first = TrainingData.order(count: 100, seed: 1, epoch: 0)
    let second = TrainingData.order(count: 100, seed: 1, epoch: 1)
    #expect(first.sorted() == Array(0..<100) && second.sorted() == Array(0..<100))
    #expect(first != second && first != Array(0..<100))
    #expect(first == TrainingData.order(count: 100, seed: 1, epoch: 0))
  }

  @Test func aSeparableProblemIsLearnt() throws {
    // The class is the brighter half.
    let count = 200
    var values: [Float] = []
    for example in 0..<count {
      let noise = RandomKey(seed: 2, purpose: .test, example: example).uniforms(16)
      values += noise.enumerated().map { $1 * 0.5 + ($0 / 8 == example % 2 ? 0.5 : 0) }
    }
    let data = TrainingData(
      images: Tensor(shape: [count, 1, 4, 4], values: values), labels: (0..<count).map { $0 % 2 })
    let architecture = try #require(Architecture.named("mlp"))
    let network = try architecture.makeNetwork(inputShape: [1, 4, 4], classes: 2, seed: 1)
    let trainer = try Trainer(
      network, on: data,
      configuration: TrainingConfiguration(epochs: 4, batchSize: 20, learningRate: .init(0.05)))
    while !trainer.isFinished { _ = try trainer.advance() }
    #expect(try trainer.network.correctCount(on: data, threads: 2) == count)
  }

  @Test func replacedImagesAreWhatIsLearntFrom() throws {
    let (plain, zeroed) = (try Self.trainer(), try Self.trainer())
    _ = try plain.advance()
    _ = try zeroed.advance { Tensor(shape: $0.images.shape) }
    // Zero images have no gradient with respect to the first weights: they decay and no more.
    let start = try Self.trainer().network.parameters[0].values
    let rate: Float = 0.025
    expectClose(
      zeroed.network.parameters[0].values, start.map { Double($0) * (1 - Double(rate) * 1e-3) },
      .accumulation)
    #expect(plain.network.parameters[0] != zeroed.network.parameters[0])
  }

  @Test(arguments: Architecture.all.map(\.name))
  func architecturesMakeNetworksThatTheirSeedDecides(name: String) throws {
    let architecture = try #require(Architecture.named(name))
    let network = try architecture.makeNetwork(classes: 10, seed: 3)
    #expect(network.outputShape == [10])
    #expect(try network.parameters == architecture.makeNetwork(classes: 10, seed: 3).parameters)
    #expect(try network.parameters != architecture.makeNetwork(classes: 10, seed: 4).parameters)
  }

  @Test func paperNetworksHaveThePapersSizes() throws {
    // 25 * 32 + 32, 25 * 32 * 64 + 64, 3136 * 256 + 256, 256 * 10 + 10
    let network = try #require(Architecture.named("paper-mnist")).makeNetwork(classes: 10, seed: 0)
    #expect(network.parameterCount == 832 + 51264 + 803072 + 2570)
  }

  @Test func nonsensicalRunsAreRefused() throws {
    let network = try Self.network()
    let labels = [0, 7]
    let images = Tensor(shape: [2, 2, 8, 8])
    var configuration = Self.configuration
    #expect(throws: TrainingError.data("example 1 has label 7, the network has 5 classes")) {
      try Trainer(
        network, on: TrainingData(images: images, labels: labels), configuration: configuration)
    }
    configuration.batchSize = 0
    #expect(
      throws: TrainingError.parameter(
        name: "batch size", problem: "must be 1 to 65536, not 0")
    ) { try configuration.validate() }
  }
}
