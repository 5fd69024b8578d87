import NeuralNetworks
import Tensors
import TestSupport
import Testing

import Certification

extension Tolerance {
  /// Sums of hundreds of products in double precision, and the difference of two of them.
  static let doubleSums = Tolerance(relative: 1e-12, absolute: 1e-12)
}

@Suite struct LinearMapTests {
  /// An affine map's differences are its matrix's products, up to rounding, for steps of any size.
  @Test(arguments: LinearNetworks.allCases)
  func movesAsTheDefinitionDoes(_ kind: LinearNetworks) throws {
    let network = try kind.network()
    let map = try LinearMap(prefixOf: network, upTo: network.output)
    #expect(map.shape == network.outputShape)
    #expect(map.inputCount == network.inputShape.elementCount)
    for draw in 0..<3 {
      let input = normals(map.inputCount, draw: 2 * draw)
      let step = normals(map.inputCount, draw: 2 * draw + 1)
      let moved = network.evaluate(zip(input, step).map { $0 + $1 })
      let difference = zip(moved, network.evaluate(input)).map { $0 - $1 }
      for (row, expected) in difference.enumerated() {
        let change = map.matrix.row(row).reduce(0) { $0 + $1.1 * step[Int($1.0)] }
        expectClose(change, expected, .doubleSums)
      }
    }
  }

  @Test func noiseBehindAnInnerValueSeesOnlyWhatLiesBefore() throws {
    var network = Network(inputShape: [4])
    let hidden = try network.append(Dense(weight: numbers([3, 4])))
    try network.append(Activation(.relu))
    try network.append(Dense(weight: numbers([2, 3])))
    #expect(try LinearMap(prefixOf: network, upTo: hidden).rowCount == 3)
    #expect(try LinearMap(prefixOf: network, upTo: 0) == LinearMap(identity: [4]))
  }

  @Test(arguments: [
    (Activation(.relu) as any Layer, "activation"),
    (Activation(.leakyReLU(slope: 0.1)), "activation"),
    (MaxPool(kernel: .init(2, 2)), "max-pool"), (Softmax(axis: 0), "softmax"),
    (Standardization(axes: 1), "standardization"), (Reduction(.maximum, axes: [0]), "reduction"),
  ])
  func whatIsNotAffineIsNamed(_ layer: any Layer, kind: String) throws {
    var network = Network(inputShape: [2, 4, 4])
    try network.append(Affine(scale: [2], shift: [0]), named: "scale")
    try network.append(layer, named: "culprit")
    let last = try network.append(Affine(scale: [2], shift: [0]))
    #expect(throws: CertificationError.unsupportedLayer(node: "culprit", kind: kind)) {
      try LinearMap(prefixOf: network, upTo: last)
    }
  }

  @Test func productsOfTwoValuesAndRectifiedLayersAreRefused() throws {
    var square = Network(inputShape: [3, 3])
    try square.append(Arithmetic(.multiply), named: "square", reading: [0, 0])
    var rectified = Network(inputShape: [3, 3])
    var dense = Dense(weight: numbers([2, 3]))
    dense.rectified = true
    try rectified.append(dense, named: "rectified")
    var attention = Network(inputShape: [3, 3])
    try attention.append(MatrixProduct(), named: "attention", reading: [0, 0])
    for network in [square, rectified, attention] {
      let error = #expect(throws: CertificationError.self) {
        try LinearMap(prefixOf: network, upTo: network.output)
      }
      #expect("\(try #require(error))".hasPrefix("node '\(network.nodes[0].name)' ("))
    }
  }

  /// 16 maps of a million pixels, nine connections each.
  @Test func tooManyConnectionsAreRefused() throws {
    var network = Network(inputShape: [1, 1000, 1000])
    try network.append(
      Convolution(weight: numbers([16, 1, 3, 3]), padding: .init(all: 1)), named: "wide")
    let error = #expect(throws: CertificationError.self) {
      try LinearMap(prefixOf: network, upTo: 1)
    }
    #expect(
      error?.description
        == "noise stands too far behind node 'wide': its values depend on the input in more than "
        + "134217728 ways")
  }

  /// A layer that the noise does not depend on may be anything.
  @Test func otherBranchesDoNotMatter() throws {
    var network = Network(inputShape: [3])
    try network.append(Activation(.relu))
    let value = try network.append(Dense(weight: numbers([2, 3])), reading: [0])
    #expect(try LinearMap(prefixOf: network, upTo: value).rowCount == 2)
  }
}
