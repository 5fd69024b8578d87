import Foundation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

@Suite struct NoiseLayerTests {
  /// Dense, noise, rectifier, dense.
  private func network(_ noise: Noise) throws -> Network {
    var network = Network(inputShape: [3])
    try network.append(Dense(weight: randomTensor([6, 3])), named: "first")
    try network.append(noise, named: "noise")
    try network.append(Activation(.relu))
    try network.append(Dense(weight: randomTensor([4, 6], draw: 1)))
    return network
  }

  private func output(
    _ network: Network, _ purpose: Plan.Purpose = .inference, keepsNoise: Bool = true,
    training: TrainingPass? = nil, keys: [RandomKey] = []
  ) -> [Float] {
    let workspace = Plan(network, capacity: 2, purpose: purpose, keepsNoise: keepsNoise)
      .makeWorkspace()
    for index in 0..<6 { workspace.input[index] = Float(index) * 0.25 - 0.5 }
    workspace.forward(count: 2, training: training, noise: keys)
    return (0..<8).map { workspace.output[$0] }
  }

  @Test func isTheIdentityWithoutKeys() throws {
    let network = try network(Noise(.gaussian, scale: 2))
    #expect(output(network) == output(network, keepsNoise: false))
    #expect(!network.optimized().nodes.contains { $0.layer is Noise })
    expectGradient(network)
  }

  @Test(arguments: NoiseFamily.allCases)
  func addsTheKeysNumbersTimesTheScales(_ family: NoiseFamily) throws {
    let relative = Tensor(shape: [6], values: [0.5, 1, 1.5, 1, 0.25, 2])
    let noise = Noise(family, scale: 0.5, relativeScales: relative, stream: 2)
    var network = Network(inputShape: [6])
    try network.append(noise)
    let key = RandomKey(seed: 4, purpose: .modelNoise, example: 9)
    let workspace = Plan(network, capacity: 1, purpose: .inference, keepsNoise: true)
      .makeWorkspace()
    for index in 0..<6 { workspace.input[index] = 1 }
    workspace.forward(count: 1, noise: [key])
    let ones = [Float](repeating: 1, count: 6)
    var expected = ones
    let scales = relative.values.map { $0 * 0.5 }
    scales.withUnsafeBufferPointer { scales in
      switch family {
      case .gaussian:
        key.addNormals(
          to: ones, count: 6, scales: scales.baseAddress, offset: 2 << 28, into: &expected)
      case .laplace:
        key.addLaplace(
          to: ones, count: 6, scales: scales.baseAddress, offset: 2 << 28, into: &expected)
      }
    }
    #expect((0..<6).map { workspace.output[$0] } == expected)
  }

  @Test func trainingDrawsAfreshForEveryExampleAndStep() throws {
    let network = try network(Noise(.gaussian, scale: 1))
    func run(_ step: Int, _ first: Int = 0) -> [Float] {
      output(
        network, .training, training: .init(seed: 1, step: step, firstExample: first))
    }
    #expect(run(0) == run(0))
    #expect(run(0) != run(1))
    // The second example of a chunk is the first of one that begins there, but for its input.
    var constant = Network(inputShape: [3])
    try constant.append(Affine(scale: [0], shift: [1]))
    try constant.append(Noise(.gaussian, scale: 1))
    let workspace = Plan(constant, capacity: 2, purpose: .training).makeWorkspace()
    workspace.forward(count: 2, training: .init(seed: 1, step: 3, firstExample: 4))
    let second = (3..<6).map { workspace.output[$0] }
    workspace.forward(count: 1, training: .init(seed: 1, step: 3, firstExample: 5))
    #expect((0..<3).map { workspace.output[$0] } == second)
  }

  @Test(arguments: [
    (Noise(.gaussian, scale: 0), "the scale of noise is 0.0, expected a positive number"),
    (Noise(.laplace, scale: .nan), "the scale of noise is nan, expected a positive number"),
    (Noise(.gaussian, scale: 1, stream: 16), "noise stream 16 is not one of 0 to 15"),
    (
      Noise(.gaussian, scale: 1, relativeScales: Tensor(shape: [2], values: [1, 1])),
      "2 relative scales of noise for values of shape [3]"
    ),
    (
      Noise(.gaussian, scale: 1, relativeScales: Tensor(shape: [3], values: [1, 0, 1])),
      "relative scale 1 of noise is 0.0, expected a positive number"
    ),
  ])
  func refusesWhatIsNoNoise(_ noise: Noise, _ problem: String) {
    #expect(throws: ShapeError(problem)) { try noise.outputShape(for: [[3]]) }
  }

  @Test func survivesItsFile() throws {
    let noise = Noise(
      .laplace, scale: 0.3, relativeScales: Tensor(shape: [6], values: [1, 2, 3, 4, 5, 6]))
    let read = try withTemporaryFolder { folder in
      try NetworkFile(try network(noise)).write(to: folder.path + "/noisy")
      return try NetworkFile.read(folder.path + "/noisy").network
    }
    #expect(read.nodes.compactMap { $0.layer as? Noise } == [noise])
  }

  @Test func isPutBehindANode() throws {
    var plain = Network(inputShape: [3])
    let first = try plain.append(Dense(weight: randomTensor([6, 3])), named: "first")
    let noisy = try plain.adding(Noise(.gaussian, scale: 1), to: first)
      .adding(Noise(.laplace, scale: 1), to: 0)
    #expect(noisy.noises.map(\.noise.family) == [.laplace, .gaussian])
    #expect(noisy.noises.map(\.noise.stream) == [0, 1])
    #expect(noisy.evaluate([1, 2, 3]) == plain.evaluate([1, 2, 3]))
  }

  /// Two examples of two steps: what is alike is what shares a draw.
  @Test(arguments: [nil, Noise.Sharing.step, .run])
  func drawsAreSharedAsAsked(_ sharing: Noise.Sharing?) throws {
    var network = Network(inputShape: [3])
    try network.append(Noise(.laplace, scale: 1, sharing: sharing))
    try network.append(Dense(weight: randomTensor([4, 3])))
    let workspace = Plan(network, capacity: 2, purpose: .training).makeWorkspace()
    func outputs(_ step: Int) -> [[Float]] {
      for index in 0..<6 { workspace.input[index] = 0 }
      workspace.forward(
        count: 2, training: TrainingPass(seed: 1, step: step, firstExample: 0))
      return [0, 4].map { row in (row..<row + 4).map { workspace.output[$0] } }
    }
    let (first, second) = (outputs(0), outputs(1))
    #expect((first[0] == first[1]) == (sharing != nil))
    #expect((first[0] == second[0]) == (sharing == .run))
    #expect(first[0].contains { $0 != 0 })
  }

  /// Noise that turns every answer around half of the time: votes over many draws are right where the
  /// clean answer has the odds.
  @Test func accuracyOfNoisyNetworksIsByVote() throws {
    var network = Network(inputShape: [2])
    try network.append(Noise(.gaussian, scale: 2))
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [1, 0, 0, 1])))
    let images = Tensor(shape: [200, 2], values: (0..<200).flatMap { _ in [Float(1), 0] })
    let data = TrainingData(images: images, labels: [Int](repeating: 0, count: 200))
    #expect(try network.correctCount(on: data) == 200)
    // P[1 + 2 (z1 - z2) > 0] = Phi(1 / sqrt(8)) = 0.638.
    let one = try network.correctCount(on: data, draws: 1, seed: 3)
    #expect(abs(one - 128) < 35, "\(one)")
    let many = try network.correctCount(on: data, draws: 101, seed: 3)
    #expect(many > 190, "\(many)")
    #expect(try network.correctCount(on: data, threads: 3, draws: 101, seed: 3) == many)
  }

  @Test func layersMayBeInsertedAndNoiseTakenOut() throws {
    let noisy = try network(Noise(.gaussian, scale: 1))
    let shift = Tensor(shape: [3], values: [1, 2, 3])
    let shifted = try noisy.withoutNoise().inserting(
      Arithmetic(.add), named: "first", after: 0, reading: shift)
    #expect(shifted.nodes.map(\.name).prefix(3) == ["first.value", "first'", "first"])
    #expect(shifted.noises.isEmpty)
    let zero = try noisy.withoutNoise().evaluate([2, 4, 6])
    #expect(shifted.evaluate([1, 2, 3]) == zero)
    var other = noisy
    other.setNoise(Noise(.laplace, scale: 3), ofNode: "noise")
    #expect(other.noises.map(\.noise.scale) == [3])
  }
}

@Suite struct NetworkSplitTests {
  @Test func suffixOfPrefixIsTheNetwork() throws {
    var network = Network(inputShape: [3])
    let middle = try network.append(Dense(weight: randomTensor([4, 3])), named: "middle")
    let relu = try network.append(Activation(.relu), reading: [middle])
    try network.append(Sum(), reading: [relu, middle])
    let (prefix, suffix) = try network.split(at: middle)
    #expect(prefix.nodes.map(\.name) == ["middle"])
    #expect(suffix.inputShape == [4])
    #expect(suffix.evaluate(prefix.evaluate([1, -2, 3])) == network.evaluate([1, -2, 3]))
    let whole = try network.split(at: 0)
    #expect(whole.prefix.nodes.isEmpty)
    #expect(whole.suffix.evaluate([1, -2, 3]) == network.evaluate([1, -2, 3]))
  }

  @Test func aWayAroundIsRefused() throws {
    var network = Network(inputShape: [3])
    let middle = try network.append(Activation(.relu), named: "middle")
    try network.append(Sum(), reading: [middle, 0])
    #expect(
      throws: NetworkError.layer(
        name: "middle", problem: "the output also depends on the input by a way around it")
    ) { try network.split(at: middle) }
    let dead = try network.append(Activation(.tanh), named: "dead", reading: [0])
    network.setOutput(middle)
    #expect(
      throws: NetworkError.layer(name: "dead", problem: "the output does not depend on it")
    ) { try network.split(at: dead) }
  }
}
