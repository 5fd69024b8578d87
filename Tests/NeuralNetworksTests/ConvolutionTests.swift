import NeuralNetworks
import Tensors
import TestSupport
import Testing

@Suite struct ConvolutionTests {
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var input: [Int]
    var filters: Int
    var kernel: Window.Pair
    var stride = Window.Pair(1, 1)
    var dilation = Window.Pair(1, 1)
    var padding = Padding()
    var groups = 1
    var winograd = false
    var description: String { name }
  }

  static let cases: [Case] = [
    Case(name: "plain", input: [2, 5, 6], filters: 3, kernel: .init(3, 3)),
    Case(
      name: "first layer", input: [1, 9, 9], filters: 8, kernel: .init(5, 5), padding: .init(all: 2)
    ),
    Case(
      name: "first layer, rows of 28", input: [1, 28, 28], filters: 32, kernel: .init(5, 5),
      padding: .init(all: 2)),
    Case(
      name: "first layer, color", input: [3, 11, 32], filters: 9, kernel: .init(3, 3),
      padding: .init(all: 1)),
    Case(
      name: "first layer, no padding", input: [2, 12, 37], filters: 3, kernel: .init(5, 5)),
    Case(
      name: "first layer, 7 x 7, asymmetric padding", input: [4, 9, 18], filters: 5,
      kernel: .init(7, 7), padding: .init(top: 1, left: 4, bottom: 3, right: 2)),
    Case(
      name: "first layer, strided", input: [3, 21, 40], filters: 6, kernel: .init(7, 7),
      stride: .init(2, 2), padding: .init(all: 3)),
    Case(
      name: "first layer, dilated", input: [1, 12, 24], filters: 4, kernel: .init(3, 3),
      dilation: .init(2, 3), padding: .init(all: 2)),
    Case(name: "pointwise", input: [4, 5, 5], filters: 6, kernel: .init(1, 1)),
    Case(
      name: "strided, asymmetric padding", input: [3, 8, 7], filters: 4, kernel: .init(3, 2),
      stride: .init(2, 3), padding: .init(top: 1, left: 0, bottom: 2, right: 1)),
    Case(
      name: "dilated", input: [2, 9, 9], filters: 2, kernel: .init(3, 3), dilation: .init(2, 3),
      padding: .init(all: 2)),
    Case(name: "grouped", input: [4, 6, 6], filters: 6, kernel: .init(3, 3), groups: 2),
    Case(
      name: "depthwise", input: [5, 6, 6], filters: 5, kernel: .init(3, 3),
      padding: .init(all: 1), groups: 5),
    Case(
      name: "winograd 3x3", input: [16, 9, 7], filters: 32, kernel: .init(3, 3),
      padding: .init(all: 1), winograd: true),
    Case(
      name: "winograd 5x5", input: [32, 14, 14], filters: 64, kernel: .init(5, 5),
      padding: .init(all: 2), winograd: true),
    Case(
      name: "winograd, channels not a multiple of 16", input: [19, 8, 8], filters: 35,
      kernel: .init(3, 3), padding: .init(all: 1), winograd: true),
    Case(
      name: "winograd, no padding", input: [16, 11, 13], filters: 16, kernel: .init(5, 5),
      winograd: true),
    Case(
      name: "winograd, asymmetric padding", input: [16, 9, 9], filters: 16, kernel: .init(3, 3),
      padding: .init(top: 0, left: 2, bottom: 2, right: 1), winograd: true),
    Case(
      name: "winograd, wide padding", input: [16, 6, 6], filters: 16, kernel: .init(5, 5),
      padding: .init(all: 4), winograd: true),
    Case(
      name: "winograd, strided", input: [32, 16, 16], filters: 32, kernel: .init(3, 3),
      stride: .init(2, 2), padding: .init(all: 1), winograd: true),
    Case(
      name: "winograd, strided, padded behind", input: [32, 16, 15], filters: 32,
      kernel: .init(3, 3), stride: .init(2, 2),
      padding: .init(top: 0, left: 0, bottom: 1, right: 1), winograd: true),
  ]

  @Test(arguments: cases) func agreesWithItsDefinition(_ test: Case) throws {
    for rectified in [false, true] {
      var layer = Convolution(
        weight: randomTensor(
          [test.filters, test.input[0] / test.groups, test.kernel.y, test.kernel.x]),
        bias: randomTensor([test.filters], draw: 1), stride: test.stride, dilation: test.dilation,
        padding: test.padding, groups: test.groups)
      layer.rectified = rectified
      var network = Network(inputShape: test.input)
      try network.append(layer)
      expectGradient(network, tolerance: test.winograd ? .winograd : .accumulation)
    }
  }

  /// A maximum taken by the convolution's own kernel is the maximum of what it yields without, to
  /// the bit; a first layer and a later one, with and without a ReLU between the two.
  @Test(arguments: [([1, 28, 28], 5), ([3, 12, 32], 3), ([32, 14, 14], 5)], [false, true])
  func yieldsTheMaximaOfItsValues(_ shape: ([Int], Int), rectified: Bool) throws {
    let (input, kernel) = shape
    var plain = Network(inputShape: input)
    try plain.append(
      Convolution(
        weight: randomTensor([24, input[0], kernel, kernel]), bias: randomTensor([24], draw: 1),
        padding: .init(all: kernel / 2)))
    var pooled = plain
    if rectified { try pooled.append(Activation(.relu)) }
    try pooled.append(MaxPool(kernel: .init(2, 2)))
    expectGradient(pooled, tolerance: input[0] < 16 ? .accumulation : .winograd)
    guard input[0] < 16 else { return }  // else values near a kink are computed otherwise

    var maximum = Network(inputShape: plain.outputShape)
    try maximum.append(MaxPool(kernel: .init(2, 2)))
    if rectified { try maximum.append(Activation(.relu)) }
    let count = 3
    func run(_ network: Network, _ values: [Float]) -> [Float] {
      let workspace = Plan(network, capacity: count).makeWorkspace()
      workspace.input.update(from: values, count: values.count)
      workspace.forward(count: count)
      return (0..<count * network.outputShape.elementCount).map { workspace.output[$0] }
    }
    let images = RandomKey(seed: 4, purpose: .test).normals(count * input.elementCount)
    #expect(run(pooled, images) == run(maximum, run(plain, images)))
  }

  /// Two rows by hand: [1 2 3; 4 5 6] under [1 -1] at padding 1 on the left is
  /// [0*1-1, 1-2, 2-3; 0-4, 4-5, 5-6].
  @Test func matchesAHandComputedCase() throws {
    var network = Network(inputShape: [1, 2, 3])
    try network.append(
      Convolution(
        weight: Tensor(shape: [1, 1, 1, 2], values: [1, -1]), padding: .init(left: 1)))
    let workspace = Plan(network, capacity: 1).makeWorkspace()
    for (index, value) in [1, 2, 3, 4, 5, 6].enumerated() {
      workspace.input[index] = Float(value)
    }
    workspace.forward(count: 1)
    #expect((0..<6).map { workspace.output[$0] } == [-1, -1, -1, -4, -1, -1])
  }

  @Test func refusesWeightsThatDoNotFit() {
    var network = Network(inputShape: [3, 8, 8])
    #expect(throws: NetworkError.self) {
      try network.append(Convolution(weight: randomTensor([4, 2, 3, 3])))
    }
    #expect(throws: NetworkError.self) {
      try network.append(Convolution(weight: randomTensor([4, 3, 9, 9])))
    }
  }
}
