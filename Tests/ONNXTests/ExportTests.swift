import Foundation
import NeuralNetworks
import ONNX
import TestSupport
import Tensors
import Testing

@Suite struct ExportTests {
  private static func numbers(_ shape: [Int], _ index: Int) -> Tensor {
    let key = RandomKey(seed: 8, purpose: .test, example: index)
    return Tensor(shape: shape, values: key.normals(shape.elementCount).map { $0 * 0.5 })
  }

  /// A network that has every layer there is.
  static func everyLayer() throws -> Network {
    var network = Network(inputShape: [2, 6, 6])
    try network.append(Affine(scale: [2, 3], shift: [0.1, -0.2]), named: "normalize")
    let first = try network.append(
      Convolution(
        weight: numbers([4, 1, 3, 3], 0), bias: numbers([4], 1),
        padding: Padding(top: 1, left: 0, bottom: 1, right: 2), groups: 2))
    let norm = try network.append(
      BatchNormalization(
        gamma: [1, 2, 3, 4], beta: [0, 1, 0, 1], mean: [0.5, 0, 0, 1], variance: [1, 2, 0.1, 1]))
    try network.append(Sum(), reading: [first, norm])
    try network.append(
      GroupNormalization(groups: 2, gamma: numbers([4], 7), beta: numbers([4], 8), epsilon: 0.01))
    try network.append(Activation(.relu))
    try network.append(
      MaxPool(kernel: .init(3, 3), stride: .init(2, 2), padding: Padding(all: 1), roundingUp: true))
    let pooled = try network.append(
      AveragePool(kernel: .init(2, 2), stride: .init(1, 1), padding: Padding(all: 1)))
    let turned = try network.append(Transpose([0, 2, 1]))
    let product = try network.append(MatrixProduct(), reading: [pooled, turned])
    let scaled = try network.append(Affine(scale: [0.1], shift: [0]), reading: [product])
    let constant = try network.append(Constant(numbers([1, 1, 5], 2)), reading: [])
    let joined = try network.append(
      Concatenation(axis: 0), reading: [scaled, pooled])
    let mean = try network.append(Reduction(.mean, axes: [1, 2]), reading: [joined])
    let difference = try network.append(Arithmetic(.subtract), reading: [joined, mean])
    try network.append(Arithmetic(.multiply), reading: [difference, constant])
    try network.append(Selection(axis: 1, indices: [3, nil, 0, 1], fill: 0.5))
    try network.append(Standardization(axes: 2, epsilon: 0.01))
    try network.append(Dense(weight: numbers([5, 5], 3), bias: numbers([5], 4)))
    try network.append(Softmax(axis: 1))
    try network.append(AveragePool.global)
    try network.append(Dropout(rate: 0.5))
    try network.append(Reshape([8]))
    try network.append(Dense(weight: numbers([6, 8], 5), bias: numbers([6], 6)))
    try network.append(Softmax(axis: 0, logarithmic: true))
    return network
  }

  private static let functions: [Activation.Function] = [
    .relu, .leakyReLU(slope: 0.1), .sigmoid, .tanh, .elu(alpha: 0.7), .softplus,
    .hardSigmoid(alpha: 0.3, beta: 0.4), .hardSwish, .clip(low: -0.2, high: 0.6), .gelu, .erf,
    .exp, .absolute, .silu, .power(exponent: 2), .reciprocal,
  ]

  private static func roundTrip(_ network: Network) throws -> Network {
    let path = FileManager.default.temporaryDirectory.path + "/gauntlet-\(UUID().uuidString).onnx"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(exportONNX(network, name: "test")).write(to: URL(fileURLWithPath: path))
    let model = try ONNXModel.read(path)
    #expect(model.opset == exportedOperatorSet)
    return try model.network().network
  }

  private static func expectSame(_ network: Network, shift: Double = 0) throws {
    let imported = try roundTrip(network)
    #expect(imported.inputShape == network.inputShape)
    for example in 0..<3 {
      let input = RandomKey(seed: 2, purpose: .test, example: example)
        .normals(network.inputShape.elementCount).map { Double($0) + shift }
      expectClose(imported.evaluate(input).map(Float.init), network.evaluate(input), .rounding)
    }
  }

  @Test func everyLayerComesBackThroughTheImporter() throws {
    var network = try Self.everyLayer()
    // The importer cuts a last softmax and says so.
    network.setOutput(network.output - 1)
    try Self.expectSame(network)
  }

  @Test(arguments: functions)
  func everyActivationComesBack(function: Activation.Function) throws {
    var network = Network(inputShape: [12])
    try network.append(Activation(function))
    try network.append(Affine(scale: [1.5], shift: [0]))
    try Self.expectSame(network)
  }

  @Test(arguments: [Activation.Function.log, .squareRoot])
  func functionsOfPositiveNumbersComeBack(function: Activation.Function) throws {
    var network = Network(inputShape: [12])
    try network.append(Activation(function))
    try network.append(Affine(scale: [1.5], shift: [0]))
    try Self.expectSame(network, shift: 10)
  }

  @Test(arguments: Reduction.Function.all)
  func everyReductionComesBack(function: Reduction.Function) throws {
    var network = Network(inputShape: [2, 3, 4])
    try network.append(Reduction(function, axes: [0, 2]))
    try network.append(Affine(scale: [1.5], shift: [0]))
    try Self.expectSame(network)
  }

  @Test func operandsOfDifferentRankAreRefused() throws {
    var network = Network(inputShape: [2, 3])
    let row = try network.append(Constant(Self.numbers([3], 0)), reading: [])
    try network.append(Arithmetic(.add), named: "sum", reading: [0, row])
    #expect(
      throws: ExportError.layer(
        name: "sum", kind: "arithmetic",
        problem: "shapes [[2, 3], [3]] differ in their number of axes")
    ) { try exportONNX(network, name: "n") }
  }
}

extension Reduction.Function {
  fileprivate static let all: [Self] = [.mean, .sum, .maximum, .minimum]
}
