import NeuralNetworks
import Tensors

extension Operator {
  /// Matrix products.
  static let products: [String: Operator] = [
    "Gemm": Operator(.evaluates, gemm),
    "MatMul": Operator(.evaluates, matrixProduct),
  ]

  /// `alpha op(A) op(B) + beta C`
  @Sendable private static func gemm(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    let alpha = try node.float("alpha", default: 1)
    let beta = try node.float("beta", default: 1)
    var a = try builder.activation(try node.input(0), for: node)
    guard a.shape.count == 2, try node.input(1).shape.count == 2 else {
      throw node.problem(
        "takes matrices, got \(a.shape) and \(try node.input(1).shape)")
    }
    if try node.integer("transA", default: 0) != 0 {
      a = try builder.transpose(a, [1, 0], for: node)
    }
    let transposed = try node.integer("transB", default: 0) != 0
    var product: Activated
    if case .constant(let b) = try node.input(1) {
      var weight = Tensor(shape: b.shape, values: b.floats)
      if !transposed { weight = weight.transposedMatrix }
      if alpha != 1 { for index in weight.values.indices { weight.values[index] *= alpha } }
      var bias: Tensor?
      if let c = try? node.optionalConstant(2), let vector = row(c, count: weight.shape[0]) {
        bias = Tensor(shape: [vector.count], values: vector.map { $0 * beta })
      }
      product = try dense(a, weight, bias, node, &builder)
      if bias != nil { return [.activation(product)] }
    } else {
      var b = try builder.activation(try node.input(1), for: node)
      if transposed { b = try builder.transpose(b, [1, 0], for: node) }
      product = try multiply(a, b, node, &builder)
      if alpha != 1 { product = try builder.scale(product, by: alpha, for: node) }
    }
    guard let c = node.optional(2), beta != 0 else { return [.activation(product)] }
    var sum = try builder.activation(c, for: node)
    if beta != 1 { sum = try builder.scale(sum, by: beta, for: node) }
    let shape = product.shape
    product = try builder.combine(.add, product, sum, for: node)
    guard product.shape == shape else {
      throw node.problem("C of shape \(sum.shape) does not broadcast to \(shape)")
    }
    return [.activation(product)]
  }

  /// The numbers of a constant that is added to every row of `count` numbers, where it is that.
  private static func row(_ value: ConstantValue, count: Int) -> [Float]? {
    if value.count == 1 { return [Float](repeating: value.floats[0], count: count) }
    return value.count == count && value.shape.last == count ? value.floats : nil
  }

  @Sendable private static func matrixProduct(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    switch (try node.input(0), try node.input(1)) {
    case (.activation(let a), .constant(let b)) where b.shape.count == 2:
      let weight = Tensor(shape: b.shape, values: b.floats).transposedMatrix
      return [.activation(try dense(a, weight, nil, node, &builder))]
    case (.constant(let a), .activation(let b)) where a.shape.count == 2 && b.shape.count >= 2:
      // A B is the transpose of B^T A^T, and that is a dense layer with the weights A.
      let rank = b.shape.count
      let swap = Array(0..<rank - 2) + [rank - 1, rank - 2]
      let turned = try builder.transpose(b, swap, for: node)
      let product = try dense(
        turned, Tensor(shape: a.shape, values: a.floats), nil, node, &builder)
      return [.activation(try builder.transpose(product, swap, for: node))]
    case (let a, let b):
      return [
        .activation(
          try multiply(
            try builder.activation(a, for: node), try builder.activation(b, for: node), node,
            &builder))
      ]
    }
  }

  /// A dense layer along the last axis; `weight` is `[outputs, inputs]`.
  private static func dense(
    _ x: Activated, _ weight: Tensor, _ bias: Tensor?, _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> Activated {
    guard let inputs = x.shape.last, weight.shape.count == 2, inputs == weight.shape[1],
      weight.shape[0] > 0
    else {
      throw node.problem("shape \(x.shape) does not fit weights \(weight.shape)")
    }
    let number = try builder.append(
      Dense(weight: weight, bias: bias),
      reading: [try builder.read(x, as: x.shape.withoutBatch, for: node)], for: node)
    return Activated(number: number, shape: x.shape.dropLast() + [weight.shape[0]])
  }

  /// The product of two values of the network as numpy's `matmul` defines it.
  private static func multiply(
    _ a: Activated, _ b: Activated, _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> Activated {
    guard !a.shape.isEmpty, !b.shape.isEmpty else { throw node.problem("takes no scalars") }
    let left = a.shape.count == 1 ? [1] + a.shape : a.shape
    let right = b.shape.count == 1 ? b.shape + [1] : b.shape
    guard let leading = Array(left.dropLast(2)).broadcast(with: Array(right.dropLast(2))) else {
      throw node.problem("cannot multiply matrices of shapes \(a.shape) and \(b.shape)")
    }
    func stripped(_ shape: [Int]) -> [Int] { shape.count > 2 ? shape.withoutBatch : shape }
    let number = try builder.append(
      MatrixProduct(),
      reading: [
        try builder.read(a, as: stripped(left), for: node),
        try builder.read(b, as: stripped(right), for: node),
      ], for: node)
    var shape = leading
    if a.shape.count > 1 { shape.append(left[left.count - 2]) }
    if b.shape.count > 1 { shape.append(right[right.count - 1]) }
    return Activated(number: number, shape: shape)
  }
}

extension Tensor {
  /// The transpose of a matrix.
  var transposedMatrix: Tensor {
    let (rows, columns) = (shape[0], shape[1])
    return Tensor(shape: [columns, rows]) { target in
      values.withUnsafeBufferPointer { source in
        for row in 0..<rows {
          for column in 0..<columns { target[column * rows + row] = source[row * columns + column] }
        }
      }
    }
  }
}
