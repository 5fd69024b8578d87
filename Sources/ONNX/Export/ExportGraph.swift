import Foundation
import NeuralNetworks
import Tensors

/// An ONNX graph while it is written: nodes and constants, one layer after the other.
struct ExportGraph {
  private(set) var graph = Onnx_GraphProto()

  /// What a node is given besides its inputs.
  enum Attribute {
    case int(Int)
    case ints([Int])
    case float(Float)
  }

  /// Adds a node with one output and returns the output's name.
  mutating func node(
    _ operation: String, _ inputs: [String], named name: String,
    _ attributes: KeyValuePairs<String, Attribute> = [:]
  ) -> String {
    var node = Onnx_NodeProto()
    node.opType = operation
    node.name = name
    node.input = inputs
    node.output = [name]
    node.attribute = attributes.map { key, value in
      var attribute = Onnx_AttributeProto()
      attribute.name = key
      switch value {
      case .int(let number):
        attribute.type = .int
        attribute.i = Int64(number)
      case .ints(let numbers):
        attribute.type = .ints
        attribute.ints = numbers.map(Int64.init)
      case .float(let number):
        attribute.type = .float
        attribute.f = number
      }
      return attribute
    }
    graph.node.append(node)
    return name
  }

  /// Adds a constant tensor and returns its name.
  mutating func constant(_ tensor: Tensor, named name: String) -> String {
    var data = Data(capacity: tensor.values.count * 4)
    for value in tensor.values {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    return add(data, tensor.shape, type: .float, name)
  }

  /// Adds a constant number.
  mutating func constant(_ number: Float, named name: String) -> String {
    constant(Tensor(shape: [], values: [number]), named: name)
  }

  /// Adds a constant list of whole numbers and returns its name.
  mutating func constant(_ numbers: [Int], named name: String) -> String {
    var data = Data(capacity: numbers.count * 8)
    for number in numbers {
      withUnsafeBytes(of: Int64(number).littleEndian) { data.append(contentsOf: $0) }
    }
    return add(data, [numbers.count], type: .int64, name)
  }

  private mutating func add(
    _ data: Data, _ shape: [Int], type: Onnx_TensorProto.DataType, _ name: String
  ) -> String {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = shape.map(Int64.init)
    tensor.dataType = Int32(type.rawValue)
    tensor.rawData = data
    graph.initializer.append(tensor)
    return name
  }

  /// Adds a node that hands a value on under another name.
  mutating func alias(_ value: String, named name: String) {
    _ = node("Identity", [value], named: name)
  }

  /// Says what the graph reads and yields; the batch axis is open.
  mutating func close(name: String, input: (String, [Int]), output: (String, [Int])) {
    func value(_ name: String, _ shape: [Int]) -> Onnx_ValueInfoProto {
      var batch = Onnx_TensorShapeProto.Dimension()
      batch.dimParam = "batch"
      var tensor = Onnx_TypeProto.Tensor()
      tensor.elemType = Int32(Onnx_TensorProto.DataType.float.rawValue)
      tensor.shape.dim =
        [batch]
        + shape.map { extent in
          var dimension = Onnx_TensorShapeProto.Dimension()
          dimension.dimValue = Int64(extent)
          return dimension
        }
      var result = Onnx_ValueInfoProto()
      result.name = name
      result.type.tensorType = tensor
      return result
    }
    graph.name = name
    graph.input = [value(input.0, input.1)]
    graph.output = [value(output.0, output.1)]
  }
}
