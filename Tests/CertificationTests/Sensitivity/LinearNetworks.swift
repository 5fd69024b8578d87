import NeuralNetworks
import Tensors

import Certification

/// Networks that are affine, each with a layer or two that the others do not have.
enum LinearNetworks: String, CaseIterable, Sendable {
  case input, preprocessed, strided, grouped, dilated, pooled, globallyPooled, dense, moved, joined
  case arithmetic, products, reduced, residual, constant

  func network() throws -> Network {
    var network = Network(inputShape: [2, 6, 5])
    switch self {
    case .input: break
    case .preprocessed:
      try network.append(Affine(scale: [2, -3], shift: [0.5, 1]))
      try network.append(
        BatchNormalization(gamma: [1, 2], beta: [0, 1], mean: [0.1, 0.2], variance: [4, 0.3]))
      try network.append(Dropout(rate: 0.5))
      try network.append(Noise(.gaussian, scale: 0.5))
      try network.append(Convolution(weight: numbers([3, 2, 3, 3]), bias: numbers([3])))
    case .strided:
      try network.append(
        Convolution(
          weight: numbers([4, 2, 3, 2]), stride: .init(2, 1),
          padding: .init(top: 1, left: 0, bottom: 2, right: 1)))
    case .grouped:
      try network.append(Convolution(weight: numbers([6, 1, 3, 3]), groups: 2))
    case .dilated:
      try network.append(
        Convolution(
          weight: numbers([3, 2, 2, 3]), dilation: .init(3, 2), padding: .init(all: 1)))
    case .pooled:
      try network.append(
        AveragePool(
          kernel: .init(3, 3), stride: .init(2, 2), padding: .init(all: 1), countsPadding: true))
      try network.append(AveragePool(kernel: .init(2, 2), padding: .init(all: 1)))
    case .globallyPooled: try network.append(AveragePool.global)
    case .dense:
      try network.append(Dense(weight: numbers([4, 5]), bias: numbers([4])))
      try network.append(Reshape([48]))
      try network.append(Dense(weight: numbers([7, 48])))
    case .moved:
      try network.append(Transpose([2, 0, 1]))
      try network.append(Selection(axis: 1, indices: [1, nil, 0, 1], fill: 3))
    case .joined:
      let first = try network.append(Convolution(weight: numbers([1, 2, 1, 1])))
      let constant = try network.append(Constant(numbers([3, 6, 5])), reading: [])
      try network.append(Concatenation(axis: 0), reading: [0, constant, first])
    case .arithmetic:
      let factor = try network.append(Constant(numbers([6, 1])), reading: [])
      let scaled = try network.append(Arithmetic(.multiply), reading: [factor, 0])
      let divided = try network.append(Arithmetic(.divide), reading: [scaled, factor])
      let mean = try network.append(Reduction(.mean, axes: [1]), reading: [0])
      let centred = try network.append(Arithmetic(.subtract), reading: [divided, mean])
      try network.append(Arithmetic(.add), reading: [centred, scaled])
    case .products:
      let right = try network.append(Constant(numbers([5, 4])), reading: [])
      let left = try network.append(Constant(numbers([2, 3, 6])), reading: [])
      let product = try network.append(MatrixProduct(), reading: [0, right])
      try network.append(MatrixProduct(), reading: [left, product])
    case .reduced: try network.append(Reduction(.sum, axes: [0, 2]))
    case .residual:
      // The second path takes back most of the first: entries cancel.
      let first = try network.append(
        Convolution(weight: numbers([2, 2, 3, 3]), padding: .init(all: 1)))
      let second = try network.append(
        Convolution(weight: numbers([2, 2, 3, 3]), padding: .init(all: 1)))
      let negative = try network.append(
        Affine(scale: [-0.999], shift: [0]), reading: [second])
      try network.append(Sum(), reading: [negative, second, first, 0])
    case .constant:
      let constant = try network.append(Constant(numbers([3, 2])), reading: [])
      try network.append(Activation(.relu), reading: [constant])
    }
    return network
  }
}

/// Numbers in [-0.5, 0.5) that are exact in every precision and look random enough.
func numbers(_ shape: [Int]) -> Tensor {
  Tensor(
    shape: shape, values: (0..<shape.elementCount).map { Float($0 * 37 % 64) / 64 - 0.4921875 })
}

/// Standard normals.
func normals(_ count: Int, draw: Int) -> [Double] {
  RandomKey(seed: 11, purpose: .test, draw: draw).normals(count).map(Double.init)
}

/// The map of a dense layer given by columns: `columns[input][row]`.
func denseMap(_ columns: [[Double]]) -> LinearMap {
  let (inputs, rows) = (columns.count, columns[0].count)
  let matrix = SparseMatrix(
    rowCount: rows, columnCount: inputs, starts: (0...rows).map { $0 * inputs },
    columns: (0..<rows).flatMap { _ in (0..<inputs).map { Int32($0) } },
    values: (0..<rows).flatMap { row in columns.map { $0[row] } })
  return LinearMap(shape: [rows], matrix: matrix)
}
