import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// Gradients of a convolution's weights, alone and with what is fused with it.
@Suite struct WeightGradientTests {
  /// The gradient of every parameter, summed over a chunk.
  private static func gradients(
    _ network: Network, _ inputs: [Float], _ cotangents: [Float], count: Int
  ) -> [[Float]] {
    let workspace = Plan(network, capacity: count, purpose: .training).makeWorkspace()
    workspace.input.update(from: inputs, count: inputs.count)
    workspace.forward(count: count)
    workspace.outputGradient.update(from: cotangents, count: cotangents.count)
    let sums = network.parameters.map { AlignedBuffer(count: $0.values.count) }
    workspace.addParameterGradients(to: sums.map(\.pointer))
    return sums.map { sum in (0..<sum.count).map { sum.pointer[$0] } }
  }

  /// Their definition in double precision: `dW[o, c, u, v]` is the sum over examples and outputs of
  /// the output's gradient, where a ReLU lets it through, times the input under (c, u, v).
  private static func definition(
    _ layer: Convolution, _ shape: [Int], _ inputs: [Float], _ cotangents: [Float], count: Int
  ) throws -> [[Double]] {
    let window = try layer.window(for: shape)
    let filters = layer.weight.shape[0]
    let perGroup = layer.weight.shape[1]
    var weights = [Double](repeating: 0, count: layer.weight.values.count)
    var biases = [Double](repeating: 0, count: filters)
    let size = shape.elementCount
    let pixels = window.outHeight * window.outWidth
    for example in 0..<count {
      let input = inputs[example * size..<(example + 1) * size].map(Double.init)
      let output = layer.evaluate([ReferenceTensor(shape: shape, values: input)]).values
      for index in output.indices where !layer.rectified || output[index] > 0 {
        let gradient = Double(cotangents[example * output.count + index])
        let filter = index / pixels
        biases[filter] += gradient
        let (oy, ox) = (index % pixels / window.outWidth, index % window.outWidth)
        for channel in 0..<perGroup {
          for ky in 0..<window.kernel.y {
            for kx in 0..<window.kernel.x {
              let y = oy * window.stride.y - window.padTop + ky * window.dilation.y
              let x = ox * window.stride.x - window.padLeft + kx * window.dilation.x
              guard y >= 0, y < window.height, x >= 0, x < window.width else { continue }
              let plane = filter / (filters / layer.groups) * perGroup + channel
              let place =
                ((filter * perGroup + channel) * window.kernel.y + ky) * window.kernel.x + kx
              weights[place] += gradient * input[(plane * window.height + y) * window.width + x]
            }
          }
        }
      }
    }
    return [weights, biases]
  }

  @Test(arguments: ConvolutionTests.cases, [false, true])
  func agreeWithTheirDefinition(_ test: ConvolutionTests.Case, rectified: Bool) throws {
    var layer = Convolution(
      weight: randomTensor(
        [test.filters, test.input[0] / test.groups, test.kernel.y, test.kernel.x]),
      bias: randomTensor([test.filters], draw: 1), stride: test.stride, dilation: test.dilation,
      padding: test.padding, groups: test.groups)
    layer.rectified = rectified
    var network = Network(inputShape: test.input)
    try network.append(layer)
    let count = 3
    let inputs = RandomKey(seed: 12, purpose: .test).normals(count * test.input.elementCount)
    let cotangents = RandomKey(seed: 13, purpose: .test)
      .normals(count * network.outputShape.elementCount)
    let actual = Self.gradients(network, inputs, cotangents, count: count)
    let expected = try Self.definition(layer, test.input, inputs, cotangents, count: count)
    for (actual, expected) in zip(actual, expected) {
      // Winograd's too: its sums are of as many products.
      expectClose(actual, expected, .accumulation)
    }
  }

  struct Fusion: Sendable, CustomStringConvertible {
    var description: String
    var input: [Int]
    var filters: Int
    var kernel: Int
    var stride = 1
    var pool: MaxPool?
  }

  static let fusions: [Fusion] = [
    Fusion(
      description: "first layer", input: [1, 16, 16], filters: 6, kernel: 5,
      pool: MaxPool(kernel: .init(2, 2))),
    Fusion(
      description: "first layer, odd", input: [3, 17, 19], filters: 6, kernel: 3,
      pool: MaxPool(kernel: .init(2, 2))),
    Fusion(
      description: "Winograd", input: [16, 14, 14], filters: 32, kernel: 5,
      pool: MaxPool(kernel: .init(2, 2))),
    Fusion(
      description: "Winograd, odd", input: [16, 9, 11], filters: 40, kernel: 3,
      pool: MaxPool(kernel: .init(2, 2))),
    Fusion(
      description: "Winograd, overlapping windows", input: [16, 9, 9], filters: 32, kernel: 3,
      pool: MaxPool(kernel: .init(3, 3), stride: .init(2, 2), padding: .init(all: 1))),
    Fusion(
      description: "product", input: [4, 9, 9], filters: 6, kernel: 3, stride: 2,
      pool: MaxPool(kernel: .init(2, 2))),
    Fusion(description: "no maximum", input: [16, 8, 8], filters: 32, kernel: 3),
  ]

  /// What is fused in training changes no gradient but by roundings: a view between two layers
  /// keeps them apart.
  @Test(arguments: fusions, [false, true])
  func areThoseOfSeparateLayers(_ fusion: Fusion, rectified: Bool) throws {
    func network(apart: Bool) throws -> Network {
      var network = Network(inputShape: fusion.input)
      try network.append(
        Convolution(
          weight: randomTensor([fusion.filters, fusion.input[0], fusion.kernel, fusion.kernel]),
          bias: randomTensor([fusion.filters], draw: 1),
          stride: .init(fusion.stride, fusion.stride), padding: .init(all: fusion.kernel / 2)))
      for layer in [rectified ? Activation(.relu) : nil, fusion.pool] as [(any Layer)?] {
        guard let layer else { continue }
        if apart { try network.append(Reshape(network.outputShape)) }
        try network.append(layer)
      }
      if apart { try network.append(Reshape(network.outputShape)) }
      try network.append(Reshape([network.outputShape.elementCount]))
      try network.append(
        Dense(weight: randomTensor([3, network.outputShape.elementCount], draw: 2)))
      return network
    }
    let count = 5
    let inputs = RandomKey(seed: 14, purpose: .test).normals(count * fusion.input.elementCount)
    let cotangents = RandomKey(seed: 15, purpose: .test).normals(count * 3)
    let fused = Self.gradients(
      try network(apart: false), inputs, cotangents, count: count)
    let apart = Self.gradients(try network(apart: true), inputs, cotangents, count: count)
    for (fused, apart) in zip(fused, apart) {
      expectClose(fused, apart.map(Double.init), .accumulation)
    }
  }
}
