import NeuralNetworks
import Tensors

/// The nodes of a model that its output depends on, in order.
struct Graph: Sendable {
  let nodes: [Onnx_NodeProto]
  let initializers: [String: Onnx_TensorProto]
  let input: TensorDescription
  let output: String

  /// The most nodes of a graph.
  static let nodeLimit = 1 << 14

  init(_ proto: Onnx_GraphProto) throws(ONNXProblem) {
    initializers = Dictionary(proto.initializer.map { ($0.name, $0) }) { first, _ in first }
    let names = Set(initializers.keys)
    guard proto.sparseInitializer.isEmpty else {
      throw .graph("sparse initialisers are not supported")
    }
    // Until version 4 of the format, initialisers were listed among the inputs.
    let inputs = proto.input.filter { !names.contains($0.name) }
    guard inputs.count == 1 else {
      throw .graph("it has \(inputs.count) inputs \(inputs.map(\.name)); one image is supported")
    }
    input = TensorDescription(inputs[0])
    let type = Int(inputs[0].type.tensorType.elemType)
    guard type == 0 || Operator.floatTypes.contains(type) else {
      let name = Onnx_TensorProto.DataType(rawValue: type).map { "\($0)" } ?? "\(type)"
      throw .graph("input '\(input.name)' has elements of type \(name) instead of float")
    }
    guard let output = proto.output.first?.name else { throw .graph("it has no output") }
    self.output = output
    var needed: Set<String> = [output]
    var alive: [Onnx_NodeProto] = []
    for node in proto.node.reversed() where node.output.contains(where: needed.contains) {
      alive.append(node)
      needed.formUnion(node.input)
    }
    guard alive.count <= Self.nodeLimit else {
      throw .graph("it has \(alive.count) nodes; \(Self.nodeLimit) are accepted")
    }
    nodes = alive.reversed()
  }

  /// The name of a node for messages.
  static func name(_ node: Onnx_NodeProto) -> String {
    node.name.isEmpty ? (node.output.first ?? node.opType) : node.name
  }

  /// The operator of a node, with its domain where that is not ONNX's own.
  static func operation(_ node: Onnx_NodeProto) -> String {
    node.domain.isEmpty || node.domain == "ai.onnx"
      ? node.opType : "\(node.domain).\(node.opType)"
  }

  /// The graph as a network for one example.
  /// - Parameter shape: the input's shape with batch size 1.
  func network(
    inputShape shape: [Int], opset: Int, folder: String?
  ) throws(ONNXProblem) -> (network: Network, shape: [Int]) {
    for node in nodes where Operator.all[Self.operation(node)] == nil {
      throw .unsupported(name: Self.name(node), operation: Self.operation(node))
    }
    var reader = TensorReader(folder: folder)
    var builder = GraphBuilder(inputShape: shape.withoutBatch)
    var computed = 0
    var values: [String: Value] = [
      input.name: .activation(Activated(number: 0, shape: shape))
    ]
    for proto in nodes {
      var inputs: [Value?] = []
      for name in proto.input {
        if name.isEmpty {
          inputs.append(nil)
          continue
        }
        if values[name] == nil, let tensor = initializers[name] {
          values[name] = .constant(try reader.read(tensor))
        }
        guard let value = values[name] else {
          throw .node(
            name: Self.name(proto), operation: proto.opType,
            "reads '\(name)', which nothing before it yields")
        }
        inputs.append(value)
      }
      let node = Node(proto, opset: opset, folder: folder, inputs: inputs)
      guard let known = Operator.all[Self.operation(proto)] else { continue }
      let outputs = try known.run(node, &builder)
      for case .constant(let value) in outputs where node.operation != "Constant" {
        computed += value.count
      }
      guard computed <= ConstantValue.totalLimit else {
        throw node.problem("the graph computes too many constants")
      }
      for (name, value) in zip(proto.output, outputs) where !name.isEmpty { values[name] = value }
    }
    guard case .activation(let result) = values[output] else {
      throw .graph("its output '\(output)' does not depend on its input '\(input.name)'")
    }
    var network = builder.network
    network.setOutput(result.number)
    return (network, result.shape)
  }
}

/// What a model says of one of its inputs or outputs.
public struct TensorDescription: Sendable, Equatable, Codable {
  public let name: String
  /// The extent of each axis; nil where the model leaves it open. Nil: no shape is stated.
  public let shape: [Int?]?

  public init(name: String, shape: [Int?]?) {
    self.name = name
    self.shape = shape
  }

  init(_ proto: Onnx_ValueInfoProto) {
    name = proto.name
    let tensor = proto.type.tensorType
    shape =
      tensor.hasShape
      ? tensor.shape.dim.map { dimension -> Int? in
        if case .dimValue(let extent) = dimension.value, extent > 0 { Int(extent) } else { nil }
      } : nil
  }
}
