import Foundation
import Files
import NeuralNetworks
import SwiftProtobuf
import Tensors

/// A model file in the ONNX format, read but not yet imported.
///
/// https://github.com/onnx/onnx/blob/main/docs/IR.md
public struct ONNXModel: Sendable {
  public let path: String
  /// What wrote the file, for example "pytorch 2.1".
  public let producer: String
  /// The version of the operator set.
  public let opset: Int
  /// The inputs without the initialisers that old files list among them.
  public let inputs: [TensorDescription]
  public let outputs: [TensorDescription]

  let proto: Onnx_GraphProto

  /// The most bytes of a model file; the format's own limit.
  public static let fileLimit = 2 << 30

  /// Reads a file. Weights in other files are read when the model is imported.
  /// - Throws: ``ONNXError`` where the file cannot be read, is no ONNX model or has an operator set
  ///   older than 7.
  public static func read(_ path: String) throws(ONNXError) -> ONNXModel {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try readFile(path, limit: fileLimit)
    } catch {
      throw .file(error)
    }
    let model: Onnx_ModelProto
    do {
      model = try Onnx_ModelProto(serializedBytes: bytes)
    } catch {
      throw .model(path: path, .graph("it is not an ONNX model, or is cut off or damaged"))
    }
    guard model.hasGraph, model.hasIrVersion else {
      throw .model(path: path, .graph("it is not an ONNX model: it holds no graph"))
    }
    let versions = model.opsetImport.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
    guard let version = versions.first?.version else {
      throw .model(path: path, .graph("it does not say which operator set it uses"))
    }
    guard version >= 7, version < 1 << 20 else {
      throw .model(
        path: path,
        .graph("it uses operator set \(version); the oldest that is supported is 7"))
    }
    return ONNXModel(path: path, model: model, opset: Int(version))
  }

  private init(path: String, model: Onnx_ModelProto, opset: Int) {
    self.path = path
    self.opset = opset
    producer = [model.producerName, model.producerVersion].filter { !$0.isEmpty }
      .joined(separator: " ")
    proto = model.graph
    let initializers = Set(proto.initializer.map(\.name))
    inputs = proto.input.filter { !initializers.contains($0.name) }.map(TensorDescription.init)
    outputs = proto.output.map(TensorDescription.init)
  }

  /// How often each operator occurs.
  public var operators: [String: Int] {
    proto.node.reduce(into: [:]) { $0[Graph.operation($1), default: 0] += 1 }
  }

  /// The nodes that the output depends on whose operators cannot be imported: operator and node.
  public var unsupported: [String: [String]] {
    let nodes = (try? Graph(proto))?.nodes ?? proto.node
    return nodes.filter { Operator.all[Graph.operation($0)] == nil }
      .reduce(into: [:]) { $0[Graph.operation($1), default: []].append(Graph.name($1)) }
  }

  /// How many floating-point numbers its initialisers hold.
  public var parameterCount: Int {
    proto.initializer.filter { [1, 10, 11, 16].contains($0.dataType) }
      .reduce(0) { $0 &+ ($1.dims.map { Int($0) }.checkedElementCount ?? 0) }
  }

  /// The operators that can be imported, sorted.
  public static var supportedOperators: [String] { Operator.all.keys.sorted() }
}
