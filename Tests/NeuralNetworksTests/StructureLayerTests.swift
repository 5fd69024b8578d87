import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// Layers that rearrange, combine or reduce values, against their definitions.
@Suite struct StructureLayerTests {
  private func expectLayer(_ layer: any Layer, _ shape: [Int]) throws {
    var network = Network(inputShape: shape)
    try network.append(layer)
    expectGradient(network)
  }

  /// A network whose layer reads two functions of the input of the given shapes.
  private func expectPair(_ layer: any Layer, _ left: [Int], _ right: [Int]) throws {
    var network = Network(inputShape: [5])
    let values = try [left, right].enumerated().map { index, shape in
      try network.append(
        Dense(weight: randomTensor([shape.elementCount, 5], draw: index)), reading: [0])
      return try network.append(Reshape(shape))
    }
    try network.append(layer, reading: values)
    expectGradient(network, tolerance: .init(relative: 1e-4, absolute: 1e-5))
  }

  @Test(arguments: [[0, 2, 1], [2, 0, 1], [2, 1, 0]])
  func transposeAgrees(_ permutation: [Int]) throws {
    try expectLayer(Transpose(permutation), [2, 3, 4])
  }

  @Test func transposesMergeAndCancel() throws {
    var network = Network(inputShape: [2, 3, 4])
    try network.append(Transpose([1, 2, 0]))
    try network.append(Affine(scale: [1, 2, 3], shift: [0, 1, 2], axis: 0))
    try network.append(Transpose([2, 1, 0]))
    #expect(network.optimized().nodes.map { type(of: $0.layer).kind } == ["affine", "transpose"])
    expectGradient(network)
    try network.append(Activation(.tanh))
    try network.append(Transpose([0, 2, 1]))
    #expect(network.optimized().nodes.map { type(of: $0.layer).kind } == ["affine", "activation"])
    expectGradient(network)
  }

  /// By hand: rows 1 and 0 of [[1, 2], [3, 4]] with a row of nines between.
  @Test func selectionChoosesAndFills() throws {
    let layer = Selection(axis: 0, indices: [1, nil, 0], fill: 9)
    let input = ReferenceTensor(shape: [2, 2], values: [1, 2, 3, 4])
    #expect(layer.evaluate([input]).values == [3, 4, 9, 9, 1, 2])
    try expectLayer(layer, [2, 2])
    try expectLayer(Selection(axis: 1, indices: [2, 2, nil, 0]), [2, 3, 4])
  }

  @Test(arguments: [0, 1, 2], [false, true])
  func softmaxAgrees(axis: Int, logarithmic: Bool) throws {
    try expectLayer(Softmax(axis: axis, logarithmic: logarithmic), [2, 3, 4])
  }

  @Test(arguments: [1, 2])
  func standardizationAgrees(axes: Int) throws {
    try expectLayer(Standardization(axes: axes), [3, 4, 5])
  }

  @Test(
    arguments: [Reduction.Function.mean, .sum, .maximum, .minimum], [[0], [1, 2], [0, 1, 2]])
  func reductionAgrees(_ function: Reduction.Function, axes: [Int]) throws {
    try expectLayer(Reduction(function, axes: axes), [3, 2, 4])
  }

  @Test(arguments: [
    Arithmetic.Function.add, .subtract, .multiply, .divide, .maximum, .minimum,
  ])
  func arithmeticAgrees(_ function: Arithmetic.Function) throws {
    try expectPair(Arithmetic(function), [2, 3], [2, 3])
    try expectPair(Arithmetic(function), [4, 2, 3], [1, 3])
    try expectPair(Arithmetic(function), [1, 3], [2, 1])
  }

  @Test(arguments: [([2, 3], [3, 4]), ([2, 1, 3], [2, 3, 2]), ([2, 3, 4], [4, 2])])
  func matrixProductAgrees(left: [Int], right: [Int]) throws {
    try expectPair(MatrixProduct(), left, right)
  }

  @Test(arguments: [0, 1])
  func concatenationAgrees(axis: Int) throws {
    try expectPair(Concatenation(axis: axis), axis == 0 ? [1, 3] : [2, 1], [2, 3])
  }

  @Test func aConstantIsTheSameForEveryExample() throws {
    var network = Network(inputShape: [2, 3])
    let constant = try network.append(Constant(randomTensor([2, 1])), reading: [])
    try network.append(Arithmetic(.multiply), reading: [0, constant])
    expectGradient(network)
  }
}
