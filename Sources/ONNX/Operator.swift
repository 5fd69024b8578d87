import NeuralNetworks
import Tensors

/// How an operator of ONNX becomes layers.
struct Operator: Sendable {
  /// Adds layers to the network for a node; answers the node's outputs.
  typealias Build = @Sendable (Node, inout GraphBuilder) throws(ONNXProblem) -> [Value]
  /// Computes the outputs from constants.
  typealias Compute = @Sendable (Node) throws(ONNXProblem) -> [ConstantValue]

  /// What is done with a node all of whose inputs are constants.
  enum Folding: Sendable {
    /// It moves elements of its first input without looking at them.
    case moves
    /// It computes with numbers: its layers are evaluated in double precision.
    case evaluates
    /// It is computed by a function of its own.
    case computes(Compute)
    /// `build` does not care.
    case builds
  }

  let folding: Folding
  let build: Build

  init(_ folding: Folding = .evaluates, _ build: @escaping Build) {
    self.folding = folding
    self.build = build
  }

  /// An operator for constants only.
  init(constants: @escaping Compute) {
    folding = .computes(constants)
    build = { (node, _) throws(ONNXProblem) in
      throw node.problem("depends on the image; it is supported for constants")
    }
  }

  /// All operators, by name.
  static let all: [String: Operator] = [
    convolutions, pools, products, normalizations, activations, arithmetic, shapes, selections,
    reductions, constants,
  ].reduce(into: [:]) { all, family in all.merge(family) { first, _ in first } }

  /// The outputs of a node.
  func run(_ node: Node, _ builder: inout GraphBuilder) throws(ONNXProblem) -> [Value] {
    let isConstant = node.inputs.allSatisfy {
      if case .activation = $0 { false } else { true }
    }
    guard isConstant else { return try build(node, &builder) }
    switch folding {
    case .builds: return try build(node, &builder)
    case .computes(let compute): return try compute(node).map { .constant($0) }
    case .moves: return try fold(node) { $0.indices.map(Double.init) }
    case .evaluates:
      return try fold(node) { $0.floats.map(Double.init) }
    }
  }

  /// Builds the node into a network of its own whose input is the node's first, and evaluates that.
  ///
  /// An operator that only moves elements is given their numbers: what comes out says which element
  /// went where, and holds for any type of element.
  private func fold(
    _ node: Node, _ numbers: (ConstantValue) -> [Double]
  ) throws(ONNXProblem) -> [Value] {
    guard case .constant(let first) = try node.input(0), first.count > 0 else {
      throw node.problem("the constant it reads has no elements")
    }
    var builder = GraphBuilder(inputShape: first.shape)
    var node = node
    node.inputs[0] = .activation(Activated(number: 0, shape: first.shape))
    let input = numbers(first)
    var results: [Value] = []
    for output in try build(node, &builder) {
      guard case .activation(let value) = output else {
        results.append(output)
        continue
      }
      if case .moves = folding, value.number == 0 {
        results.append(.constant(first.reshaped(value.shape)))
        continue
      }
      var network = builder.network
      network.setOutput(value.number)
      let values = network.evaluate(input)
      switch folding {
      case .moves:
        results.append(.constant(first.selecting(values.map { Int($0) }, shape: value.shape)))
      default:
        results.append(
          .constant(.init(shape: value.shape, elements: .floats(values.map { Float($0) }))))
      }
    }
    return results
  }
}

extension ConstantValue {
  /// The number of each element.
  var indices: Range<Int> { 0..<count }
}
