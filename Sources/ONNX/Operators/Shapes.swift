import NeuralNetworks
import Tensors

extension Operator {
  /// Operators that give the same elements another shape or order.
  static let shapes: [String: Operator] = [
    "Identity": Operator(.moves) { (node, _) throws(ONNXProblem) in [try node.input(0)] },
    "Dropout": Operator(.moves) { (node, _) throws(ONNXProblem) in
      guard node.outputCount == 1 else { throw node.problem("the mask is not supported") }
      return [try node.input(0)]
    },
    "Reshape": Operator(.moves) { (node, _) throws(ONNXProblem) in
      let input = try node.input(0)
      let target = node.opset < 5 ? try node.integers("shape") : try node.optionalIntegers(1)
      guard var shape = target else { throw node.problem("has no shape") }
      let keepsZeros = try node.integer("allowzero", default: 0) != 0
      for (axis, extent) in shape.enumerated() where extent == 0 && !keepsZeros {
        guard axis < input.shape.count else {
          throw node.problem("shape \(shape) keeps an axis that \(input.shape) has not")
        }
        shape[axis] = input.shape[axis]
      }
      let open = shape.indices.filter { shape[$0] == -1 }
      let known = shape.filter { $0 != -1 }.checkedElementCount ?? 0
      if open.count == 1, known > 0 { shape[open[0]] = input.shape.elementCount / known }
      return [try view(input, as: shape, node)]
    },
    "Flatten": Operator(.moves) { (node, _) throws(ONNXProblem) in
      let input = try node.input(0)
      let rank = input.shape.count
      let stated = try node.integer("axis", default: 1)
      let axis = stated == rank ? rank : try node.axis(stated, rank: rank)
      return [
        try view(
          input, as: [input.shape[..<axis].reduce(1, *), input.shape[axis...].reduce(1, *)], node)
      ]
    },
    "Squeeze": Operator(.moves) { (node, _) throws(ONNXProblem) in
      let input = try node.input(0)
      var dropped = input.shape.indices.filter { input.shape[$0] == 1 }
      if let axes = try node.axes(inputSince: 13, 1) {
        dropped = []
        for axis in axes { dropped.append(try node.axis(axis, rank: input.shape.count)) }
      }
      return [
        try view(
          input,
          as: input.shape.indices.filter { !dropped.contains($0) }.map { input.shape[$0] }, node)
      ]
    },
    "Unsqueeze": Operator(.moves) { (node, _) throws(ONNXProblem) in
      let input = try node.input(0)
      guard let axes = try node.axes(inputSince: 13, 1) else { throw node.problem("has no axes") }
      let rank = input.shape.count + axes.count
      var added: Set<Int> = []
      for axis in axes { added.insert(try node.axis(axis, rank: rank)) }
      guard added.count == axes.count else { throw node.problem("axes \(axes) repeat") }
      var rest = input.shape[...]
      return [
        try view(
          input, as: (0..<rank).map { added.contains($0) ? 1 : rest.removeFirst() }, node)
      ]
    },
    "Transpose": Operator(.moves) { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      let axes = Array(x.shape.indices)
      let permutation = try node.integers("perm") ?? axes.reversed()
      guard permutation.sorted() == axes else {
        throw node.problem("\(permutation) is no order of the axes of \(x.shape)")
      }
      if axes.isEmpty { return [.activation(x)] }
      return [.activation(try builder.transpose(x, permutation, for: node))]
    },
    "Expand": Operator(.moves) { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      guard let target = try node.optionalIntegers(1) else { throw node.problem("has no shape") }
      guard target.allSatisfy({ $0 > 0 }), let shape = x.shape.broadcast(with: target) else {
        throw node.problem("shape \(x.shape) does not broadcast to \(target)")
      }
      var result = x
      result.shape = [Int](repeating: 1, count: shape.count - x.shape.count) + x.shape
      for axis in shape.indices where result.shape[axis] != shape[axis] {
        guard shape[axis] <= GraphBuilder.limit else { throw node.problem("shape \(shape)") }
        result = try builder.select(
          result, axis: axis, [Int?](repeating: 0, count: shape[axis]), for: node)
      }
      return [.activation(result)]
    },
  ]

  /// The same elements in another shape.
  private static func view(
    _ value: Value, as shape: [Int], _ node: Node
  ) throws(ONNXProblem) -> Value {
    guard shape.checkedElementCount == value.shape.elementCount else {
      throw node.problem("cannot give shape \(shape) to \(value.shape)")
    }
    switch value {
    case .constant(let constant): return .constant(constant.reshaped(shape))
    case .activation(let x): return .activation(Activated(number: x.number, shape: shape))
    }
  }
}
