import NeuralNetworks
import Tensors

extension Operator {
  /// Normalisation and softmax.
  static let normalizations: [String: Operator] = [
    "BatchNormalization": Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      let (gamma, beta) = (try node.weights(1).values, try node.weights(2).values)
      let (mean, variance) = (try node.weights(3).values, try node.weights(4).values)
      let epsilon = try node.float("epsilon", default: 1e-5)
      guard x.shape.count >= 2, x.shape[0] == 1, !gamma.isEmpty,
        [gamma, beta, mean, variance].allSatisfy({ $0.count == x.shape[1] })
      else { throw node.problem("its statistics do not fit input \(x.shape)") }
      guard try node.integer("training_mode", default: 0) == 0 else {
        throw node.problem("is in training mode")
      }
      guard variance.allSatisfy({ $0 + epsilon > 0 }) else {
        throw node.problem("has a variance that is not positive")
      }
      let input = try builder.read(x, axis: 1, for: node)
      return [
        try builder.append(
          BatchNormalization(
            gamma: gamma, beta: beta, mean: mean, variance: variance, epsilon: epsilon,
            axis: input.axis), reading: [input.number], as: x.shape, for: node)
      ]
    },
    "LayerNormalization": Operator { (node, builder) throws(ONNXProblem) in
      guard node.outputCount == 1 else { throw node.problem("only its first output is supported") }
      let x = try builder.activation(try node.input(0), for: node)
      let rank = x.shape.count
      let axis = try node.axis(try node.integer("axis", default: -1), rank: rank)
      let input = try builder.read(x, as: x.shape.withoutBatch, for: node)
      var result = Activated(
        number: try builder.append(
          Standardization(
            axes: min(rank - axis, x.shape.withoutBatch.count),
            epsilon: try node.float("epsilon", default: 1e-5)), reading: [input], for: node),
        shape: x.shape)
      result = try combine(.multiply, result, with: try node.constant(1), node, &builder)
      if let bias = try node.optionalConstant(2) {
        result = try combine(.add, result, with: bias, node, &builder)
      }
      return [.activation(result)]
    },
    "InstanceNormalization": Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      guard x.shape.count >= 3, x.shape[0] == 1 else { throw node.problem("input \(x.shape)") }
      return try standardize(
        x, groups: x.shape[1], scale: try node.weights(1), shift: try node.weights(2), node,
        &builder)
    },
    "GroupNormalization": Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      let groups = try node.integer("num_groups")
      guard x.shape.count >= 3, x.shape[0] == 1, groups > 0, x.shape[1] % groups == 0 else {
        throw node.problem("\(groups) groups of input \(x.shape)")
      }
      var (scale, shift) = (try node.weights(1), try node.weights(2))
      let repetition = x.shape[1] / groups
      if node.opset < 21, scale.values.count == groups {
        scale = Tensor(
          shape: [x.shape[1]], values: (0..<x.shape[1]).map { scale.values[$0 / repetition] })
        shift = Tensor(
          shape: [x.shape[1]],
          values: (0..<x.shape[1]).map {
            shift.values[min($0 / repetition, shift.values.count - 1)]
          })
      }
      return try standardize(x, groups: groups, scale: scale, shift: shift, node, &builder)
    },
    "Softmax": Operator { (node, builder) throws(ONNXProblem) in
      try softmax(node, &builder, logarithmic: false)
    },
    "LogSoftmax": Operator { (node, builder) throws(ONNXProblem) in
      try softmax(node, &builder, logarithmic: true)
    },
  ]

  /// Each group of channels standardised, then a scale and a shift for each channel.
  private static func standardize(
    _ x: Activated, groups: Int, scale: Tensor, shift: Tensor, _ node: Node,
    _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    let channels = x.shape[1]
    guard scale.values.count == channels, shift.values.count == channels else {
      throw node.problem("scale \(scale.shape) and shift \(shift.shape) do not fit \(x.shape)")
    }
    let size = x.shape.elementCount
    let input = try builder.read(x, as: [groups, size / groups], for: node)
    let standard = Activated(
      number: try builder.append(
        Standardization(axes: 1, epsilon: try node.float("epsilon", default: 1e-5)),
        reading: [input], for: node), shape: x.shape)
    let perChannel = try builder.read(standard, axis: 1, for: node)
    return [
      try builder.append(
        Affine(scale: scale.values, shift: shift.values, axis: perChannel.axis),
        reading: [perChannel.number], as: x.shape, for: node)
    ]
  }

  /// Before operator set 13 over all axes from `axis` on, then along one axis.
  private static func softmax(
    _ node: Node, _ builder: inout GraphBuilder, logarithmic: Bool
  ) throws(ONNXProblem) -> [Value] {
    let x = try builder.activation(try node.input(0), for: node)
    let rank = x.shape.count
    let stated = try node.integer("axis", default: node.opset < 13 ? 1 : -1)
    if node.opset < 13 {
      let axis = stated == rank ? rank : try node.axis(stated, rank: rank)
      let rows = [x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *)].withoutBatch
      let input = try builder.read(x, as: rows, for: node)
      return [
        try builder.append(
          Softmax(axis: rows.count - 1, logarithmic: logarithmic), reading: [input], as: x.shape,
          for: node)
      ]
    }
    let axis = try node.axis(stated, rank: rank)
    let input = try builder.read(x, axis: axis, for: node)
    return [
      try builder.append(
        Softmax(axis: input.axis, logarithmic: logarithmic), reading: [input.number], as: x.shape,
        for: node)
    ]
  }
}
