import NeuralNetworks
import Tensors

/// A network in the making, and how operators put layers into it.
struct GraphBuilder {
  private(set) var network: Network
  private var names: Set<String> = []
  private var views: [View: Int] = [:]

  private struct View: Hashable {
    var number: Int
    var shape: [Int]
  }

  /// The most numbers that one value of one example may have.
  static let limit = 1 << 24
  /// And all values of one example together.
  static let totalLimit = 1 << 28
  private var total = 0

  init(inputShape: [Int]) { network = Network(inputShape: inputShape) }

  /// Adds a layer.
  /// - Returns: the number of the network's value.
  mutating func append(
    _ layer: any Layer, reading inputs: [Int], for node: Node
  ) throws(ONNXProblem) -> Int {
    let shapes = inputs.map { network.shapes[$0] }
    let shape: [Int]
    do throws(ShapeError) {
      shape = try layer.outputShape(for: shapes)
    } catch {
      throw node.problem(error.description)
    }
    guard let count = shape.checkedElementCount, count > 0, count <= Self.limit else {
      throw node.problem("would yield shape \(shape)")
    }
    total += count
    guard total <= Self.totalLimit else {
      throw node.problem("the values of one example exceed \(Self.totalLimit) numbers")
    }
    var name = node.name
    var suffix = 1
    while !names.insert(name).inserted {
      suffix += 1
      name = "\(node.name)_\(suffix)"
    }
    do throws(NetworkError) {
      return try network.append(layer, named: name, reading: inputs)
    } catch {
      throw node.problem(error.description)
    }
  }

  /// Adds a layer whose result has the ONNX shape `shape`.
  mutating func append(
    _ layer: any Layer, reading inputs: [Int], as shape: [Int], for node: Node
  ) throws(ONNXProblem) -> Value {
    let number = try append(layer, reading: inputs, for: node)
    guard network.shapes[number].elementCount == shape.elementCount else {
      throw node.problem("yields shape \(network.shapes[number]) instead of \(shape)")
    }
    return .activation(Activated(number: number, shape: shape))
  }

  /// The network's value under another shape, through a view where it has not that shape.
  mutating func read(
    _ value: Activated, as shape: [Int], for node: Node
  ) throws(ONNXProblem) -> Int {
    if network.shapes[value.number] == shape { return value.number }
    let key = View(number: value.number, shape: shape)
    if let known = views[key] { return known }
    let number = try append(Reshape(shape), reading: [value.number], for: node)
    views[key] = number
    return number
  }

  /// The value and an axis, as a layer without the batch axis wants them.
  mutating func read(
    _ value: Activated, axis: Int, for node: Node
  ) throws(ONNXProblem) -> (number: Int, axis: Int) {
    let shape = value.shape
    if axis > 0 && shape[0] == 1 {
      return (try read(value, as: Array(shape.dropFirst()), for: node), axis - 1)
    }
    return (try read(value, as: shape, for: node), axis)
  }

  /// An input as a value of the network; a constant becomes a layer.
  mutating func activation(_ value: Value, for node: Node) throws(ONNXProblem) -> Activated {
    switch value {
    case .activation(let value): return value
    case .constant(let value):
      let tensor = Tensor(shape: value.shape.withoutBatch, values: value.floats)
      let number = try append(NeuralNetworks.Constant(tensor), reading: [], for: node)
      return Activated(number: number, shape: value.shape)
    }
  }

  /// Applies an elementwise function.
  mutating func apply(
    _ function: Activation.Function, to value: Activated, for node: Node
  ) throws(ONNXProblem) -> Activated {
    let number = try append(Activation(function), reading: [value.number], for: node)
    return Activated(number: number, shape: value.shape)
  }

  /// `scale * x + shift`.
  mutating func scale(
    _ value: Activated, by scale: Float, plus shift: Float = 0, for node: Node
  ) throws(ONNXProblem) -> Activated {
    let number = try append(
      Affine(scale: [scale], shift: [shift]), reading: [value.number], for: node)
    return Activated(number: number, shape: value.shape)
  }

  /// Elementwise arithmetic of two values of the network.
  mutating func combine(
    _ function: Arithmetic.Function, _ left: Activated, _ right: Activated, for node: Node
  ) throws(ONNXProblem) -> Activated {
    guard let shape = left.shape.broadcast(with: right.shape) else {
      throw node.problem("shapes \(left.shape) and \(right.shape) do not broadcast")
    }
    let inputs: [Int]
    if left.shape == right.shape
      && network.shapes[left.number] == network.shapes[right.number]
    {
      inputs = [left.number, right.number]
    } else {
      inputs = [
        try read(left, as: left.shape.withoutBatch, for: node),
        try read(right, as: right.shape.withoutBatch, for: node),
      ]
    }
    let shapes = inputs.map { network.shapes[$0] }
    let layer: any Layer =
      function == .add && shapes[0] == shapes[1] ? Sum() : Arithmetic(function)
    return Activated(number: try append(layer, reading: inputs, for: node), shape: shape)
  }

  /// The axes in another order; nothing but a view where only axes of extent 1 move.
  mutating func transpose(
    _ value: Activated, _ permutation: [Int], for node: Node
  ) throws(ONNXProblem) -> Activated {
    let shape = permutation.map { value.shape[$0] }
    let moved = permutation.filter { value.shape[$0] != 1 }
    if moved == moved.sorted() { return Activated(number: value.number, shape: shape) }
    let number: Int
    if permutation[0] == 0 && shape[0] == 1 {
      let input = try read(value, as: Array(value.shape.dropFirst()), for: node)
      number = try append(
        Transpose(permutation.dropFirst().map { $0 - 1 }), reading: [input], for: node)
    } else {
      let input = try read(value, as: value.shape, for: node)
      number = try append(Transpose(permutation), reading: [input], for: node)
    }
    return Activated(number: number, shape: shape)
  }

  /// Chosen indices of an axis.
  mutating func select(
    _ value: Activated, axis: Int, _ indices: [Int?], fill: Float = 0, for node: Node
  ) throws(ONNXProblem) -> Activated {
    if indices == Array(0..<value.shape[axis]) { return value }
    var shape = value.shape
    shape[axis] = indices.count
    guard let count = shape.checkedElementCount, count > 0, count <= Self.limit else {
      throw node.problem("would yield shape \(shape)")
    }
    let input = try read(value, axis: axis, for: node)
    let number = try append(
      Selection(axis: input.axis, indices: indices, fill: fill), reading: [input.number], for: node)
    return Activated(number: number, shape: shape)
  }
}

extension [Int] {
  /// The shape of one example: without a first axis of extent 1, unless it is the only one.
  var withoutBatch: [Int] { count > 1 && self[0] == 1 ? Array(dropFirst()) : self }
}
