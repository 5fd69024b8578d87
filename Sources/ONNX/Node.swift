import Foundation
import Tensors

/// A value of the graph at batch size 1.
enum Value: Sendable {
  case constant(ConstantValue)
  case activation(Activated)

  /// The shape in the ONNX graph, with the batch axis.
  var shape: [Int] {
    switch self {
    case .constant(let value): value.shape
    case .activation(let value): value.shape
    }
  }
}

/// A value that depends on the image: a value of the network, seen under the shape it has in the
/// ONNX graph at batch size 1. Both have the same elements in the same order.
struct Activated: Sendable {
  var number: Int
  var shape: [Int]
}

/// A node with the values it reads and typed access to its attributes.
struct Node: Sendable {
  let name: String
  let operation: String
  let outputCount: Int
  /// The version of the operator set.
  let opset: Int
  /// What it reads; nil where an optional input is left out.
  var inputs: [Value?]
  private let attributes: [String: Onnx_AttributeProto]
  private let folder: String?

  init(_ proto: Onnx_NodeProto, opset: Int, folder: String?, inputs: [Value?]) {
    name = proto.name.isEmpty ? (proto.output.first ?? proto.opType) : proto.name
    operation = proto.opType
    outputCount = proto.output.count
    self.opset = opset
    self.folder = folder
    self.inputs = inputs
    attributes = Dictionary(proto.attribute.map { ($0.name, $0) }) { first, _ in first }
  }

  func problem(_ text: String) -> ONNXProblem {
    .node(name: name, operation: operation, text)
  }

  // MARK: Attributes

  func has(_ attribute: String) -> Bool { attributes[attribute] != nil }

  func integer(_ name: String, default standard: Int? = nil) throws(ONNXProblem) -> Int {
    guard let attribute = attributes[name] else { return try present(standard, name) }
    guard attribute.hasI else { throw problem("attribute '\(name)' is no integer") }
    return Int(attribute.i)
  }

  func integers(_ name: String) throws(ONNXProblem) -> [Int]? {
    guard let attribute = attributes[name] else { return nil }
    guard !attribute.hasI, !attribute.hasF, !attribute.hasS, attribute.floats.isEmpty else {
      throw problem("attribute '\(name)' is no list of integers")
    }
    return attribute.ints.map { Int($0) }
  }

  func float(_ name: String, default standard: Float? = nil) throws(ONNXProblem) -> Float {
    guard let attribute = attributes[name] else { return try present(standard, name) }
    guard attribute.hasF, !attribute.f.isNaN else {
      throw problem("attribute '\(name)' is no number")
    }
    return attribute.f
  }

  func floats(_ name: String) -> [Float]? { attributes[name]?.floats }

  func string(_ name: String, default standard: String) throws(ONNXProblem) -> String {
    guard let attribute = attributes[name] else { return standard }
    guard attribute.hasS, let text = String(data: attribute.s, encoding: .utf8) else {
      throw problem("attribute '\(name)' is no text")
    }
    return text
  }

  func tensor(_ name: String) throws(ONNXProblem) -> ConstantValue? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.hasT else { throw problem("attribute '\(name)' is no tensor") }
    var reader = TensorReader(folder: folder)
    return try reader.read(attribute.t)
  }

  private func present<T>(_ standard: T?, _ name: String) throws(ONNXProblem) -> T {
    guard let standard else { throw problem("attribute '\(name)' is missing") }
    return standard
  }

  // MARK: Inputs

  /// An input, if it is there.
  func optional(_ index: Int) -> Value? { index < inputs.count ? inputs[index] : nil }

  func input(_ index: Int) throws(ONNXProblem) -> Value {
    guard let value = optional(index) else { throw problem("input \(index) is missing") }
    return value
  }

  /// An input that must not depend on the image, if it is there.
  func optionalConstant(_ index: Int) throws(ONNXProblem) -> ConstantValue? {
    switch optional(index) {
    case nil: return nil
    case .constant(let value): return value
    case .activation: throw problem("input \(index) depends on the image; a constant is supported")
    }
  }

  func constant(_ index: Int) throws(ONNXProblem) -> ConstantValue {
    guard let value = try optionalConstant(index) else {
      throw problem("input \(index) is missing")
    }
    return value
  }

  /// The integers of a constant input, if it is there.
  func optionalIntegers(_ index: Int) throws(ONNXProblem) -> [Int]? {
    guard let value = try optionalConstant(index) else { return nil }
    guard let integers = value.integers else { throw problem("input \(index) is not of integers") }
    return integers
  }

  /// The one number of a constant input, if it is there.
  func optionalScalar(_ index: Int) throws(ONNXProblem) -> Float? {
    guard let value = try optionalConstant(index) else { return nil }
    guard value.count == 1 else { throw problem("input \(index) is not one number") }
    return value.floats[0]
  }

  /// A constant input as a tensor of weights.
  func weights(_ index: Int) throws(ONNXProblem) -> Tensor {
    let value = try constant(index)
    return Tensor(shape: value.shape, values: value.floats)
  }

  /// An axis that may count from the end, of something with `rank` axes.
  func axis(_ axis: Int, rank: Int) throws(ONNXProblem) -> Int {
    let result = axis < 0 ? axis + rank : axis
    guard result >= 0 && result < rank else {
      throw problem("axis \(axis) is not one of \(rank) axes")
    }
    return result
  }

  /// Axes that are an attribute before operator set `changed` and input `index` since then.
  func axes(inputSince changed: Int, _ index: Int) throws(ONNXProblem) -> [Int]? {
    opset < changed ? try integers("axes") : try optionalIntegers(index)
  }
}
