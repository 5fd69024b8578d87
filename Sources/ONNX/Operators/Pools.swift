import NeuralNetworks
import Tensors

extension Operator {
  /// Pooling.
  static let pools: [String: Operator] = [
    "MaxPool": Operator { (node, builder) throws(ONNXProblem) in
      try pool(node, &builder) { (kernel, sliding, roundingUp) throws(ONNXProblem) in
        MaxPool(
          kernel: kernel, stride: sliding.stride, dilation: sliding.dilation,
          padding: sliding.padding, roundingUp: roundingUp)
      }
    },
    "AveragePool": Operator { (node, builder) throws(ONNXProblem) in
      try pool(node, &builder) { (kernel, sliding, roundingUp) throws(ONNXProblem) in
        guard sliding.dilation == .init(1, 1) else { throw node.problem("dilations not 1") }
        return AveragePool(
          kernel: kernel, stride: sliding.stride, padding: sliding.padding, roundingUp: roundingUp,
          countsPadding: try node.integer("count_include_pad", default: 0) != 0)
      }
    },
    "GlobalAveragePool": Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      let image = try SpatialInput(x, node, &builder)
      return [try image.finish(AveragePool.global, node, &builder)]
    },
    "GlobalMaxPool": Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      let image = try SpatialInput(x, node, &builder)
      return [try image.finish(Reduction(.maximum, axes: [1, 2]), node, &builder)]
    },
  ]

  private static func pool(
    _ node: Node, _ builder: inout GraphBuilder,
    _ layer: (Window.Pair, Sliding, Bool) throws(ONNXProblem) -> any Layer
  ) throws(ONNXProblem) -> [Value] {
    guard node.outputCount == 1 else { throw node.problem("only its first output is supported") }
    let x = try builder.activation(try node.input(0), for: node)
    let image = try SpatialInput(x, node, &builder)
    guard let shape = try node.integers("kernel_shape"), shape.count == x.shape.count - 2 else {
      throw node.problem("attribute 'kernel_shape' is missing or does not fit \(x.shape)")
    }
    let kernel = image.isLine ? Window.Pair(1, shape[0]) : Window.Pair(shape[0], shape[1])
    let sliding = try Sliding(node, kernel: kernel, over: image)
    guard max(sliding.padding.top, sliding.padding.bottom) < kernel.y * sliding.dilation.y,
      max(sliding.padding.left, sliding.padding.right) < kernel.x * sliding.dilation.x
    else { throw node.problem("its padding holds a whole window") }
    let roundingUp = try node.integer("ceil_mode", default: 0) != 0
    return [try image.finish(try layer(kernel, sliding, roundingUp), node, &builder)]
  }
}
