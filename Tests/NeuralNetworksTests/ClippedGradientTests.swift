import Foundation
import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// Sums of clipped gradients against a loop over single examples.
@Suite struct ClippedGradientTests {
  struct Case: Sendable, CustomStringConvertible {
    var description: String
    var shape: [Int]
    var layers: [any Layer]
  }

  /// Every kind of layer with parameters, each with and without biases where it may lack them.
  static let cases: [Case] = {
    let normals = { (shape: [Int], draw: Int) in randomTensor(shape, draw: draw) }
    var rectifiedDense = Dense(weight: normals([9, 12], 20), bias: normals([9], 21))
    rectifiedDense.rectified = true
    var rectifiedConvolution = Convolution(weight: normals([4, 2, 3, 3], 22))
    rectifiedConvolution.rectified = true
    return [
      Case(
        description: "dense", shape: [12],
        layers: [
          Dense(weight: normals([9, 12], 0), bias: normals([9], 1)), Activation(.tanh),
          Dense(weight: normals([5, 9], 2)),
        ]),
      Case(
        description: "dense over rows", shape: [6, 12],
        layers: [
          Dense(weight: normals([7, 12], 3), bias: normals([7], 4)), Activation(.tanh),
          Reshape([42]), Dense(weight: normals([5, 42], 5), bias: normals([5], 6)),
        ]),
      // So wide that a part of a batch contributes factors of the weights' gradients.
      Case(
        description: "wide dense", shape: [2, 130],
        layers: [
          Dense(weight: normals([130, 130], 50), bias: normals([130], 51)), Activation(.relu),
          Reshape([260]), Dense(weight: normals([75, 260], 52)), Activation(.tanh),
          Dense(weight: normals([5, 75], 53)),
        ]),
      Case(
        description: "rectified", shape: [2, 6, 6],
        layers: [
          rectifiedConvolution, Reshape([64]), Dense(weight: normals([12, 64], 23)),
          rectifiedDense, Dense(weight: normals([5, 9], 24)),
        ]),
      Case(
        description: "convolutions", shape: [2, 8, 8],
        layers: [
          Convolution(
            weight: normals([4, 2, 3, 3], 7), bias: normals([4], 8), padding: .init(all: 1)),
          Activation(.tanh), MaxPool(kernel: .init(2, 2)),
          Convolution(weight: normals([6, 2, 3, 3], 9), bias: normals([6], 10), groups: 2),
          Activation(.sigmoid), Convolution(weight: normals([5, 6, 1, 1], 11)),
          AveragePool.global, Reshape([5]),
        ]),
      Case(
        description: "group normalization", shape: [2, 6, 6],
        layers: [
          Convolution(weight: normals([6, 2, 3, 3], 30)),
          GroupNormalization(groups: 3, gamma: normals([6], 31), beta: normals([6], 32)),
          Activation(.relu), Reshape([96]), Dense(weight: normals([5, 96], 33)),
        ]),
      Case(
        description: "Winograd's convolution", shape: [16, 8, 8],
        layers: [
          Convolution(
            weight: normals([32, 16, 5, 5], 12), bias: normals([32], 13), padding: .init(all: 2)),
          Activation(.relu), MaxPool(kernel: .init(2, 2)), Reshape([512]),
          Dense(weight: normals([5, 512], 14), bias: normals([5], 15)),
        ]),
      Case(
        description: "a first layer and Winograd's convolution without a maximum",
        shape: [1, 16, 16],
        layers: [
          Convolution(
            weight: normals([16, 1, 5, 5], 40), bias: normals([16], 41), padding: .init(all: 2)),
          Activation(.relu), MaxPool(kernel: .init(2, 2)),
          Convolution(
            weight: normals([32, 16, 3, 3], 42), bias: normals([32], 43), padding: .init(all: 1)),
          Activation(.relu), AveragePool.global, Reshape([32]),
          Dense(weight: normals([5, 32], 44)),
        ]),
    ]
  }()

  static func network(_ test: Case) throws -> Network {
    var network = Network(inputShape: test.shape)
    for layer in test.layers { try network.append(layer) }
    return network
  }

  static func batch(_ count: Int, _ network: Network) -> (images: Tensor, labels: [Int]) {
    let shape = network.inputShape
    var values = RandomKey(seed: 4, purpose: .test).normals(max(count, 1) * shape.elementCount)
    // Examples of very different sizes, so that some are clipped and some are not.
    for index in values.indices where index / shape.elementCount % 3 == 0 { values[index] *= 0.1 }
    return (
      Tensor(shape: [count] + shape, values: Array(values.prefix(count * shape.elementCount))),
      (0..<count).map { ($0 * 7 + $0 / 3) % network.outputShape.elementCount }
    )
  }

  /// Each parameter's sum by one backward pass an example, in double precision.
  private static func reference(
    _ network: Network, _ images: Tensor, _ labels: [Int], _ clipping: GradientClipping
  ) -> (sums: [[Double]], norms: [Double]) {
    let sizes = network.parameters.map(\.values.count)
    var sums = sizes.map { [Double](repeating: 0, count: $0) }
    var norms: [Double] = []
    let workspace = Plan(network, capacity: 2, purpose: .training).makeWorkspace()
    for (example, label) in labels.enumerated() {
      workspace.input.update(from: Array(images.row(example)), count: images.rowSize)
      workspace.forward(
        count: 1, training: TrainingPass(seed: 1, step: 2, firstExample: example))
      let classes = network.outputShape.elementCount
      let logits = Tensor(shape: [1, classes], values: (0..<classes).map { workspace.output[$0] })
      let gradient = softmaxGradient(logits.values, label)
      workspace.outputGradient.update(from: gradient, count: classes)
      let buffers = sizes.map { AlignedBuffer(count: $0) }
      workspace.addParameterGradients(to: buffers.map(\.pointer))
      let gradients = zip(buffers, sizes).map { buffer, size in
        (0..<size).map { Double(buffer.pointer[$0]) }
      }
      let squares = gradients.map { $0.reduce(0) { $0 + $1 * $1 } }
      norms.append(squares.reduce(0, +).squareRoot())
      var layers: [[Int]] = []
      var next = 0
      for node in network.nodes where !node.layer.parameters.isEmpty {
        layers.append(Array(next..<next + node.layer.parameters.count))
        next += node.layer.parameters.count
      }
      for layer in layers {
        let factor: Double
        switch clipping.scope {
        case .joint: factor = min(1, clipping.norm / norms[example])
        case .perLayer:
          let length = layer.reduce(0) { $0 + squares[$1] }.squareRoot()
          factor = min(1, clipping.norm / Double(layers.count).squareRoot() / length)
        }
        for index in layer {
          for element in gradients[index].indices {
            sums[index][element] += factor * gradients[index][element]
          }
        }
      }
    }
    return (sums, norms)
  }

  /// The gradient of the cross-entropy with respect to the logits.
  private static func softmaxGradient(_ logits: [Float], _ label: Int) -> [Float] {
    let largest = logits.max() ?? 0
    let terms = logits.map { exp(Double($0 - largest)) }
    let total = terms.reduce(0, +)
    return terms.enumerated().map { Float($1 / total - ($0 == label ? 1 : 0)) }
  }

  private static func sums(_ gradient: ClippedGradient, _ network: Network) -> [[Float]] {
    zip(gradient.sums, network.parameters).map { sum, parameter in
      parameter.values.indices.map { sum[$0] }
    }
  }

  /// One rounding more or less in each of up to 257 additions.
  private static let sumsOfGradients = Tolerance(relative: 1e-5, absolute: 1e-9)

  @Test(arguments: cases, [1, 2, 7, 64, 257])
  func equalsALoopOverSingleExamples(_ test: Case, count: Int) throws {
    let network = try Self.network(test)
    let (images, labels) = Self.batch(count, network)
    let free = GradientClipping(norm: .greatestFiniteMagnitude)
    let norms = Self.reference(network, images, labels, free).norms.sorted()
    let median = norms[count / 2] * 0.9
    for scope in GradientClipping.Scope.allCases {
      let clipping = GradientClipping(norm: median, scope: scope)
      let gradient = try ClippedGradient(for: network, threads: 2)
      let outcome = gradient.compute(
        network, images: images, labels: labels, clipping: clipping, seed: 1, step: 2)
      #expect(outcome.within == norms.count { $0 <= median })
      let expected = Self.reference(network, images, labels, clipping).sums
      for (actual, expected) in zip(Self.sums(gradient, network), expected) {
        expectClose(actual, expected, Self.sumsOfGradients)
      }
    }
  }

  @Test(arguments: cases) func bitsDependOnNeitherThreadsNorChunks(_ test: Case) throws {
    let network = try Self.network(test)
    // More parts than two rounds of them hold.
    let (images, labels) = Self.batch(261, network)
    var results: [[[Float]]] = []
    for (threads, chunk) in [(1, 16), (1, 1), (2, 4), (3, 8), (5, 2)] {
      let gradient = try ClippedGradient(for: network, chunk: chunk, threads: threads)
      _ = gradient.compute(
        network, images: images, labels: labels, clipping: .init(norm: 0.5), seed: 1, step: 2)
      results.append(Self.sums(gradient, network))
    }
    #expect(results.dropFirst().allSatisfy { $0 == results[0] })
  }

  /// What is kept of an example: a weight gradient here, two rows where a layer is dense.
  @Test func asManyAreComputedTogetherAsFitTheCache() throws {
    func chunk(_ layer: any Layer, _ shape: [Int]) throws -> Int {
      var network = Network(inputShape: shape)
      try network.append(layer)
      return ClippedGradient.chunk(for: network)
    }
    // 4 bytes a number, 2 MiB in all.
    #expect(try chunk(Dense(weight: Tensor(shape: [1000, 10_000])), [10_000]) == 16)
    #expect(try chunk(Convolution(weight: Tensor(shape: [64, 32, 5, 5])), [32, 9, 9]) == 8)
    #expect(try chunk(Convolution(weight: Tensor(shape: [256, 128, 5, 5])), [128, 9, 9]) == 4)
  }

  @Test(arguments: cases, [1, 2]) func anEmptyBatchHasNoGradient(_ test: Case, threads: Int) throws
  {
    let network = try Self.network(test)
    let (some, labels) = Self.batch(3, network)
    let gradient = try ClippedGradient(for: network, threads: threads)
    for (images, labels) in [(some, labels), (Tensor(shape: [0] + test.shape), [])] {
      let outcome = gradient.compute(
        network, images: images, labels: labels, clipping: .init(norm: 1), seed: 1, step: 2)
      #expect((outcome.loss == 0) == labels.isEmpty)
    }
    #expect(Self.sums(gradient, network).allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  /// Rows whose gradients cancel: the inner products say exactly 0, but 2^23 + 1/2 - 2^23 - 1/2 is
  /// -1/2 in single precision. What is added must be no longer than the norm all the same.
  @Test func rowsThatCancelAreClippedByTheirRoundings() throws {
    var network = Network(inputShape: [4, 4])
    // Zeros, so that two classes are equally likely and every gradient is half a weight.
    try network.append(Dense(weight: Tensor(shape: [1, 4])))
    try network.append(Reshape([4]))
    try network.append(
      Dense(weight: Tensor(shape: [2, 4], values: [0x1p24, 1, -0x1p24, -1, 0, 0, 0, 0])))
    let images = Tensor(repeating: 1, shape: [1, 4, 4])
    let gradient = try ClippedGradient(for: network, threads: 1)
    _ = gradient.compute(
      network, images: images, labels: [1],
      clipping: GradientClipping(norm: 0.01, scope: .perLayer),
      seed: 1, step: 0)
    let first = Self.sums(gradient, network)[0]
    let length = first.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(length <= 0.01, "\(length)")
  }

  /// No example may move the sum by more than the norm: not one whose pixels are not even numbers.
  @Test(arguments: cases) func oneExampleMovesTheSumByTheNormAtMost(_ test: Case) throws {
    let network = try Self.network(test)
    let (images, labels) = Self.batch(9, network)
    for scope in GradientClipping.Scope.allCases {
      let gradient = try ClippedGradient(for: network, threads: 1)
      let clipping = GradientClipping(norm: 0.01, scope: scope)
      func sum(_ images: Tensor) -> [[Float]] {
        _ = gradient.compute(
          network, images: images, labels: labels, clipping: clipping, seed: 1, step: 2)
        return Self.sums(gradient, network)
      }
      // Factors for the fourth example that make its gradient large, overflow or undefined; and
      // the sum without it.
      var without = images
      without.setRow(3, to: Tensor(repeating: .nan, shape: [1] + test.shape), row: 0)
      let rest = sum(without)
      for factor: Float in [1, 1e6, 1e30, .infinity] {
        var changed = images
        changed.withRow(3) { row in for index in row.indices { row[index] *= factor } }
        let squares = zip(sum(changed), rest).map { with, without in
          zip(with, without).reduce(0) { total, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return total + difference * difference
          }
        }
        // Each of the nine additions rounds a number no larger than the sum of nine norms.
        let distance = squares.reduce(0, +).squareRoot()
        #expect(distance <= clipping.norm * (1 + 1e-5), "factor \(factor): \(distance)")
      }
    }
  }

  @Test func layersThatMixExamplesAreRefusedByName() throws {
    var network = Network(inputShape: [2, 4, 4])
    try network.append(Convolution(weight: randomTensor([3, 2, 3, 3])), named: "conv1")
    try network.append(
      BatchNormalization(
        gamma: [1, 1, 1], beta: [0, 0, 0], mean: [0, 0, 0], variance: [1, 1, 1]), named: "norm1")
    #expect(
      throws: NetworkError.layer(
        name: "norm1",
        problem: "batch-normalization mixes the examples of a batch: no gradient belongs to one of "
          + "them")
    ) { try ClippedGradient(for: network, threads: 1) }
  }
}
