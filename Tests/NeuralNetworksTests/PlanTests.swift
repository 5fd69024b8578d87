import NeuralNetworks
import Tensors
import TestSupport
import Testing

@Suite struct PlanTests {
  /// A network with every structural feature: branches, a sum's worth of concatenated paths, views.
  static func residual() throws -> Network {
    var network = Network(inputShape: [3, 8, 8])
    try network.append(Affine(scale: [2, 3, 4], shift: [-1, 0, 1]))
    try network.append(
      Convolution(weight: randomTensor([16, 3, 3, 3]), padding: .init(all: 1)))
    try network.append(
      BatchNormalization(
        gamma: [Float](repeating: 1.5, count: 16), beta: [Float](repeating: 0.1, count: 16),
        mean: [Float](repeating: 0.2, count: 16), variance: [Float](repeating: 2, count: 16)))
    let trunk = try network.append(Activation(.relu))
    let left = try network.append(
      Convolution(
        weight: randomTensor([16, 16, 3, 3], draw: 3), bias: randomTensor([16], draw: 4),
        padding: .init(all: 1)), reading: [trunk])
    let right = try network.append(
      Convolution(weight: randomTensor([16, 16, 1, 1], draw: 5)), reading: [trunk])
    try network.append(Sum(), reading: [left, right])
    try network.append(Activation(.relu))
    try network.append(MaxPool(kernel: .init(2, 2)))
    try network.append(Activation(.relu))
    try network.append(Dropout(rate: 0.5))
    try network.append(Reshape([256]))
    try network.append(Dense(weight: randomTensor([10, 256], draw: 6), bias: randomTensor([10])))
    return network
  }

  @Test func branchingNetworkAgreesWithItsDefinition() throws {
    expectGradient(try Self.residual(), tolerance: .winograd)
  }

  /// Where no layer before it takes a rectifier in, the maximum behind it does.
  @Test func rectifiersGoIntoTheMaximaBehindThem() throws {
    var network = Network(inputShape: [3, 6, 4])
    try network.append(Noise(.gaussian, scale: 0.1))
    try network.append(Activation(.relu))
    try network.append(MaxPool(kernel: .init(2, 2)))
    let fused = network.optimized()
    #expect(fused.nodes.count == 1 && (fused.nodes[0].layer as? MaxPool)?.rectified == true)
    expectGradient(fused)
    let values = RandomKey(seed: 3, purpose: .test).normals(72).map(Double.init)
    #expect(try fused.evaluate(values) == network.withoutNoise().evaluate(values))
    let noisy = network.optimized(keepsNoise: true)
    #expect(noisy.nodes.count == 2 && (noisy.nodes[1].layer as? MaxPool)?.rectified == true)
  }

  /// Layers that the output does not depend on: their parameters get no gradient, and those of the
  /// others are what they are without them.
  @Test(arguments: [false, true], [Plan.Purpose.training, .exampleGradients])
  func whatLeadsNowhereHasNoGradient(isFollowed: Bool, purpose: Plan.Purpose) throws {
    var network = Network(inputShape: [2, 5, 5])
    let trunk = try network.append(
      Convolution(
        weight: randomTensor([4, 2, 3, 3]), bias: randomTensor([4]), padding: .init(all: 1)))
    try network.append(Activation(.relu))
    try network.append(Reshape([100]))
    let output = try network.append(Dense(weight: randomTensor([3, 100], draw: 1)))
    var other = network
    let dead = try other.append(
      Convolution(weight: randomTensor([4, 4, 3, 3], draw: 2), bias: randomTensor([4])),
      reading: [trunk])
    if isFollowed { try other.append(Activation(.tanh), reading: [dead]) }
    other.setOutput(output)
    func sums(_ network: Network) -> [[Float]] {
      let workspace = Plan(network, capacity: 2, purpose: purpose).makeWorkspace()
      let inputs = RandomKey(seed: 2, purpose: .test).normals(100)
      workspace.input.update(from: inputs, count: 100)
      workspace.forward(count: 2, training: TrainingPass(seed: 1, step: 0, firstExample: 0))
      for index in 0..<6 { workspace.outputGradient[index] = Float(index) - 2 }
      let counts = network.parameters.map(\.values.count)
      let pointers = counts.map { UnsafeMutablePointer<Float>.allocate(capacity: $0) }
      for (pointer, count) in zip(pointers, counts) {
        pointer.initialize(repeating: 0, count: count)
      }
      defer { for pointer in pointers { pointer.deallocate() } }
      if purpose == .training {
        workspace.addParameterGradients(to: pointers)
      } else {
        let layers = workspace.plan.parameterLayers
        var norms = [Double](repeating: 0, count: layers * 2)
        workspace.measureParameterGradients(squaredNorms: &norms)
        workspace.addParameterGradients(
          scaledBy: [Float](repeating: 1, count: layers * 2), to: pointers)
      }
      return zip(pointers, counts).map { Array(UnsafeBufferPointer(start: $0, count: $1)) }
    }
    let (alone, beside) = (sums(network), sums(other))
    #expect(Array(beside.prefix(alone.count)) == alone)
    #expect(beside.dropFirst(alone.count).allSatisfy { $0.allSatisfy { $0 == 0 } })
    #expect(alone.allSatisfy { $0.contains { $0 != 0 } })
  }

  @Test func optimisationRemovesAndFuses() throws {
    let network = try Self.residual()
    let optimized = network.optimized()
    let kinds = optimized.nodes.map { type(of: $0.layer).kind }
    #expect(
      kinds == [
        "affine", "convolution", "convolution", "convolution", "sum", "max-pool", "reshape",
        "dense",
      ])
    let input = RandomKey(seed: 3, purpose: .test).normals(192).map(Double.init)
    expectClose(
      optimized.evaluate(input).map(Float.init), network.evaluate(input), .rounding)
  }

  @Test(arguments: [1, 2, 7, 16])
  func bitsDoNotDependOnTheChunk(capacity: Int) throws {
    let network = try Self.residual()
    let examples = 16
    let inputs = RandomKey(seed: 5, purpose: .test).normals(examples * 192)
    func run(_ capacity: Int) -> ([Float], [Float]) {
      let workspace = Plan(network, capacity: capacity).makeWorkspace()
      var outputs: [Float] = []
      var gradients: [Float] = []
      for start in stride(from: 0, to: examples, by: capacity) {
        let count = min(capacity, examples - start)
        inputs.withUnsafeBufferPointer {
          guard let base = $0.baseAddress else { return }
          workspace.input.update(from: base + start * 192, count: count * 192)
        }
        workspace.forward(count: count)
        outputs += (0..<count * 10).map { workspace.output[$0] }
        for index in 0..<count * 10 { workspace.outputGradient[index] = Float(index % 10) - 4.5 }
        workspace.backward()
        gradients += (0..<count * 192).map { workspace.inputGradient[$0] }
      }
      return (outputs, gradients)
    }
    let whole = run(examples)
    let parts = run(capacity)
    #expect(whole.0 == parts.0)
    #expect(whole.1 == parts.1)
  }

  /// What is too large for a cache is computed a few examples at a time: the same bits, for any number
  /// of examples.
  @Test(arguments: [1, 4, 5, 16, 18, 19])
  func stagesChangeNoBits(examples: Int) throws {
    var network = Network(inputShape: [3, 112, 112])
    func convolution(_ filters: Int, _ channels: Int, stride: Int = 1) -> Convolution {
      Convolution(
        weight: randomTensor([filters, channels, 3, 3], draw: network.nodes.count),
        bias: randomTensor([filters]), stride: .init(stride, stride), padding: .init(all: 1))
    }
    func block(_ filters: Int, _ channels: Int, stride: Int = 1) throws {
      try network.append(convolution(filters, channels, stride: stride))
      try network.append(Activation(.relu))
      let trunk = try network.append(Noise(.gaussian, scale: 0.1))
      try network.append(convolution(filters, filters))
      try network.append(Activation(.relu))
      let branch = try network.append(convolution(filters, filters))
      try network.append(Sum(), reading: [trunk, branch])
      try network.append(Activation(.relu))
    }
    try block(16, 3)
    try block(24, 16, stride: 2)
    try network.append(MaxPool(kernel: .init(4, 4)))
    try network.append(Reshape([4704]))
    try network.append(Dense(weight: randomTensor([10, 4704]), bias: randomTensor([10])))
    let size = 3 * 112 * 112
    let inputs = RandomKey(seed: 5, purpose: .test).normals(examples * size)
    let keys = (0..<examples).map { RandomKey(seed: 6, purpose: .modelNoise, example: $0) }
    func run(capacity: Int) -> (outputs: [Float], gradients: [Float]) {
      let workspace = Plan(network, capacity: capacity, keepsNoise: true).makeWorkspace()
      var outputs: [Float] = []
      var gradients: [Float] = []
      for start in stride(from: 0, to: examples, by: capacity) {
        let count = min(capacity, examples - start)
        workspace.input.update(
          from: Array(inputs[start * size..<(start + count) * size]), count: count * size)
        workspace.forward(count: count, noise: Array(keys[start..<start + count]))
        outputs += (0..<count * 10).map { workspace.output[$0] }
        for index in 0..<count * 10 { workspace.outputGradient[index] = Float(index % 10) - 4.5 }
        workspace.backward()
        gradients += (0..<count * size).map { workspace.inputGradient[$0] }
      }
      return (outputs, gradients)
    }
    let stages = Stage.stages(
      of: network.optimized(keepsNoise: true), capacity: 19, purpose: .inputGradient)
    #expect(stages.map(\.capacity) == [1, 19])
    let (whole, single) = (run(capacity: 19), run(capacity: 1))
    #expect(whole.outputs == single.outputs)
    #expect(whole.gradients == single.gradients)
    #expect(Set(whole.gradients).count > examples * size / 2)
  }

  /// A network is cut between residual blocks, where weights are to serve more examples than fit before
  /// them; in training it is not cut.
  @Test func stagesEndWhereOneValueIsPassedOn() throws {
    var network = Network(inputShape: [64, 32, 32])  // 65,536 numbers
    func convolution(_ filters: Int, _ channels: Int, stride: Int = 1) -> Convolution {
      Convolution(
        weight: Tensor(shape: [filters, channels, 3, 3]), stride: .init(stride, stride),
        padding: .init(all: 1))
    }
    let branch = try network.append(convolution(64, 64))
    try network.append(Sum(), reading: [0, branch])
    try network.append(convolution(256, 64, stride: 4))  // 8 x 8: four tiles of Winograd's
    let trunk = try network.append(convolution(256, 256))
    try network.append(convolution(256, 256))
    try network.append(Sum(), reading: [trunk, network.output])
    func stages(_ capacity: Int, _ purpose: Plan.Purpose = .inference) -> [Stage] {
      Stage.stages(of: network, capacity: capacity, purpose: purpose)
    }
    #expect(
      stages(32) == [Stage(nodes: 0..<3, capacity: 2), Stage(nodes: 3..<6, capacity: 16)])
    #expect(stages(4) == [Stage(nodes: 0..<3, capacity: 2), Stage(nodes: 3..<6, capacity: 4)])
    #expect(stages(2) == [Stage(nodes: 0..<6, capacity: 2)])
    #expect(stages(32, .training) == [Stage(nodes: 0..<6, capacity: 32)])
  }

  /// A plan for inference prepares less; its output has the bits of any other.
  @Test func purposeDoesNotChangeTheOutput() throws {
    let network = try Self.residual()
    let input = RandomKey(seed: 9, purpose: .test).normals(192)
    func output(_ purpose: Plan.Purpose) -> [Float] {
      let workspace = Plan(network, capacity: 2, purpose: purpose).makeWorkspace()
      workspace.input.update(from: input, count: 192)
      workspace.forward(count: 1)
      return (0..<10).map { workspace.output[$0] }
    }
    #expect(output(.inference) == output(.inputGradient))
  }

  @Test func repeatedPassesGiveTheSameBits() throws {
    let workspace = Plan(try Self.residual(), capacity: 2).makeWorkspace()
    let inputs = RandomKey(seed: 6, purpose: .test).normals(384)
    func pass() -> [Float] {
      workspace.input.update(from: inputs, count: 384)
      workspace.forward(count: 2)
      for index in 0..<20 { workspace.outputGradient[index] = 1 }
      workspace.backward()
      return (0..<384).map { workspace.inputGradient[$0] }
    }
    let first = pass()
    #expect(pass() == first)
    #expect(first.contains { $0 != 0 })
  }

  /// The gradient with respect to each parameter against central differences of the definition.
  @Test func parameterGradientsAgreeWithDifferences() throws {
    var network = Network(inputShape: [2, 6, 6])
    try network.append(
      Convolution(
        weight: randomTensor([4, 2, 3, 3]), bias: randomTensor([4], draw: 1), stride: .init(2, 1),
        padding: .init(all: 1)))
    try network.append(Activation(.tanh))
    try network.append(Reshape([72]))
    try network.append(Dense(weight: randomTensor([3, 72], draw: 2), bias: randomTensor([3])))
    let workspace = Plan(network, capacity: 2, purpose: .training).makeWorkspace()
    let inputs = RandomKey(seed: 8, purpose: .test).normals(144)
    let cotangent: [Float] = [1, -2, 0.5, 0.25, 1, -1]
    workspace.input.update(from: inputs, count: 144)
    workspace.forward(count: 2, training: TrainingPass(seed: 1, step: 0, firstExample: 0))
    workspace.outputGradient.update(from: cotangent, count: 6)
    let sums = network.parameters.map { AlignedBuffer(count: $0.values.count) }
    workspace.addParameterGradients(to: sums.map(\.pointer))

    func loss(_ network: Network) -> Double {
      (0..<2).reduce(0) { total, example in
        let output = network.evaluate(inputs[example * 72..<(example + 1) * 72].map(Double.init))
        return total
          + (0..<3).reduce(0) { $0 + output[$1] * Double(cotangent[example * 3 + $1]) }
      }
    }
    for (parameter, sum) in sums.enumerated() {
      for element in stride(from: 0, to: sum.count, by: max(1, sum.count / 7)) {
        var moved = network
        let step: Float = 0x1p-10
        moved.parameters[parameter].values[element] += step
        let above = loss(moved)
        moved.parameters[parameter].values[element] -= 2 * step
        expectClose(
          Double(sum.pointer[element]), (above - loss(moved)) / Double(2 * step),
          .finiteDifferences)
      }
    }
  }

  @Test func namesWhatDoesNotFit() throws {
    var network = Network(inputShape: [4])
    #expect(throws: NetworkError.layer(name: "head", problem: "takes 5 inputs, got shape [4]")) {
      try network.append(Dense(weight: randomTensor([2, 5])), named: "head")
    }
  }
}
