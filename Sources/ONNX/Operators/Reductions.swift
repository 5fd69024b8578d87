import NeuralNetworks
import Tensors

extension Operator {
  /// Means, sums and extremes over axes.
  static let reductions: [String: Operator] = [
    "ReduceMean": reduction(.mean, axesInputSince: 18),
    "ReduceSum": reduction(.sum, axesInputSince: 13),
    "ReduceMax": reduction(.maximum, axesInputSince: 18),
    "ReduceMin": reduction(.minimum, axesInputSince: 18),
    "ReduceSumSquare": reduction(.sum, axesInputSince: 18, before: square),
    "ReduceL2": reduction(.sum, axesInputSince: 18, after: .squareRoot, before: square),
    "ReduceL1": reduction(.sum, axesInputSince: 18) {
      (x, node, builder) throws(ONNXProblem) in try builder.apply(.absolute, to: x, for: node)
    },
    "ReduceProd": Operator(constants: product),
  ]

  private typealias Step =
    @Sendable (Activated, Node, inout GraphBuilder) throws(ONNXProblem) -> Activated

  @Sendable private static func square(
    _ x: Activated, _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> Activated {
    try builder.combine(.multiply, x, x, for: node)
  }

  private static func reduction(
    _ function: Reduction.Function, axesInputSince changed: Int,
    after last: Activation.Function? = nil, before first: Step? = nil
  ) -> Operator {
    Operator { (node, builder) throws(ONNXProblem) in
      var x = try builder.activation(try node.input(0), for: node)
      guard let axes = try self.axes(node, x.shape, changed) else { return [.activation(x)] }
      if let first { x = try first(x, node, &builder) }
      let keeps = try node.integer("keepdims", default: 1) != 0
      let kept = x.shape.indices.filter { keeps || !axes.contains($0) }
      let shape = kept.map { axes.contains($0) ? 1 : x.shape[$0] }
      let layered = x.shape.withoutBatch
      let shift = x.shape.count - layered.count
      let input = try builder.read(x, as: layered, for: node)
      var result = Activated(
        number: try builder.append(
          Reduction(function, axes: axes.map { $0 - shift }.filter { $0 >= 0 }), reading: [input],
          for: node), shape: shape)
      if let last { result = try builder.apply(last, to: result, for: node) }
      return [.activation(result)]
    }
  }

  /// The axes of a reduction, ascending; nil where there are none and that means nothing to do.
  private static func axes(
    _ node: Node, _ shape: [Int], _ changed: Int
  ) throws(ONNXProblem) -> [Int]? {
    let stated = try node.axes(inputSince: changed, 1) ?? []
    if stated.isEmpty {
      return try node.integer("noop_with_empty_axes", default: 0) != 0 ? nil : Array(shape.indices)
    }
    var axes: Set<Int> = []
    for axis in stated { axes.insert(try node.axis(axis, rank: shape.count)) }
    return axes.sorted()
  }

  /// The product of all elements: how many elements a shape has.
  @Sendable private static func product(_ node: Node) throws(ONNXProblem) -> [ConstantValue] {
    let value = try node.constant(0)
    let axes = try self.axes(node, value.shape, 18) ?? []
    guard axes.count == value.shape.count else {
      throw node.problem("the product over some axes is not supported")
    }
    let keeps = try node.integer("keepdims", default: 1) != 0
    let shape = keeps ? value.shape.map { _ in 1 } : []
    guard let integers = value.integers else {
      return [.init(shape: shape, elements: .floats([value.floats.reduce(1, *)]))]
    }
    return [.init(shape: shape, elements: .integers([integers.reduce(1, &*)]))]
  }
}
