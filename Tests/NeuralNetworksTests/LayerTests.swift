import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// Dense, pooling, activation, affine and batch normalisation layers against their definitions.
@Suite struct LayerTests {
  private func expectLayer(_ layer: any Layer, _ shape: [Int], shift: Float = 0) throws {
    var network = Network(inputShape: shape)
    try network.append(layer)
    expectGradient(network, shift: shift)
  }

  @Test(arguments: [(3, 2), (33, 31), (600, 70)]) func denseAgrees(inputs: Int, outputs: Int) throws
  {
    let weight = randomTensor([outputs, inputs])
    try expectLayer(Dense(weight: weight, bias: randomTensor([outputs], draw: 2)), [inputs])
    var rectified = Dense(weight: weight)
    rectified.rectified = true
    try expectLayer(rectified, [4, inputs])
  }

  @Test(arguments: [
    MaxPool(kernel: .init(2, 2)),
    MaxPool(kernel: .init(3, 3), stride: .init(2, 2), padding: .init(all: 1)),
    MaxPool(kernel: .init(3, 2), stride: .init(1, 2), dilation: .init(2, 1)),
    MaxPool(kernel: .init(2, 2), roundingUp: true),
  ])
  func maxPoolAgrees(_ layer: MaxPool) throws {
    for rectified in [false, true] {
      var layer = layer
      layer.rectified = rectified
      try expectLayer(layer, [3, 8, 8])
      try expectLayer(layer, [2, 7, 9])
    }
  }

  @Test(arguments: [
    AveragePool(kernel: .init(2, 2)),
    AveragePool(kernel: .init(3, 3), stride: .init(2, 2), padding: .init(all: 1)),
    AveragePool(
      kernel: .init(3, 3), stride: .init(2, 2), padding: .init(all: 1), countsPadding: true),
    AveragePool(kernel: .init(2, 3), stride: .init(2, 2), roundingUp: true, countsPadding: true),
    AveragePool.global,
  ])
  func averagePoolAgrees(_ layer: AveragePool) throws {
    try expectLayer(layer, [3, 8, 8])
    try expectLayer(layer, [2, 7, 9])
  }

  @Test(arguments: [
    Activation.Function.relu, .leakyReLU(slope: 0.1), .sigmoid, .tanh, .elu(alpha: 1.5), .softplus,
    .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSwish, .clip(low: 0, high: 0.7), .gelu, .erf, .exp,
    .absolute, .silu,
  ])
  func activationsAgree(_ function: Activation.Function) throws {
    try expectLayer(Activation(function), [3, 7])
  }

  @Test(arguments: [
    Activation.Function.log, .squareRoot, .reciprocal, .power(exponent: 2.5),
  ])
  func activationsOfPositiveNumbersAgree(_ function: Activation.Function) throws {
    try expectLayer(Activation(function), [3, 7], shift: 6)
  }

  @Test func affineAgrees() throws {
    try expectLayer(Affine(scale: [2, -1, 0.5], shift: [0, 1, 3]), [3, 4, 5])
    try expectLayer(Affine(scale: [2, -1, 0.5], shift: [0, 1, 3], axis: 1), [4, 3])
    try expectLayer(Affine(scale: [-3], shift: [0.25]), [3, 4])
  }

  @Test func batchNormalizationAgrees() throws {
    try expectLayer(
      BatchNormalization(
        gamma: [1, 2], beta: [0, -1], mean: [0.5, 1], variance: [4, 0.25]), [2, 3, 3])
  }

  @Test(arguments: [1, 2, 6]) func groupNormalizationAgrees(groups: Int) throws {
    let layer = GroupNormalization(
      groups: groups, gamma: randomTensor([6], draw: 3), beta: randomTensor([6], draw: 4))
    try expectLayer(layer, [6, 4, 5], shift: 2)
    try expectLayer(layer, [6, 7])
  }

  /// One group of [1 3; 5 7]: mean 4, variance 5; gamma 1 and 2, beta 0 and 1.
  @Test func groupNormalizationMatchesAHandComputedCase() {
    let layer = GroupNormalization(
      groups: 1, gamma: Tensor(shape: [2], values: [1, 2]),
      beta: Tensor(shape: [2], values: [0, 1]),
      epsilon: 1e-12)
    let unit = 1 / 5.0.squareRoot()
    let result = layer.evaluate([ReferenceTensor(shape: [2, 2], values: [1, 3, 5, 7])])
    expectClose(
      result.values.map(Float.init), [-3 * unit, -unit, 1 + 2 * unit, 1 + 6 * unit], .rounding)
  }

  @Test func groupsThatDoNotFitAreRefused() {
    var network = Network(inputShape: [6, 2, 2])
    #expect(
      throws: NetworkError.layer(
        name: "norm", problem: "4 groups of 6 channels do not fit input [6, 2, 2]")
    ) { try network.append(GroupNormalization(groups: 4, channels: 6), named: "norm") }
  }

  /// A tie goes to the first element, and a rectified pool passes nothing where nothing is
  /// positive.
  @Test func maxPoolGivesTiesToTheFirst() throws {
    var layer = MaxPool(kernel: .init(2, 2))
    for (rectified, input, expected) in [
      (false, [3, 3, 1, 3] as [Float], [1, 0, 0, 0] as [Float]),
      (true, [-1, -1, -2, -1], [0, 0, 0, 0]),
      (true, [0, 0, 0, 0], [0, 0, 0, 0]),
      (false, [0, 0, 0, 0], [1, 0, 0, 0]),
    ] {
      layer.rectified = rectified
      var network = Network(inputShape: [1, 2, 2])
      try network.append(layer)
      let workspace = Plan(network, capacity: 1).makeWorkspace()
      workspace.input.update(from: input, count: 4)
      workspace.forward(count: 1)
      workspace.outputGradient[0] = 1
      workspace.backward()
      #expect((0..<4).map { workspace.inputGradient[$0] } == expected)
    }
  }
}
