public import NeuralNetworks
import SwiftProtobuf

/// Why a network cannot be written as ONNX.
public enum ExportError: Error, Equatable, CustomStringConvertible {
  /// A layer that has no counterpart there, or not with these parameters.
  case layer(name: String, kind: String, problem: String)
  /// The file would be larger than the format allows.
  case tooLarge

  public var description: String {
    switch self {
    case .layer(let name, let kind, let problem):
      "layer '\(name)' (\(kind)) cannot be written as ONNX: \(problem)"
    case .tooLarge: "the network is larger than an ONNX file can be (2 GiB)"
    }
  }
}

/// The operator set that exported files use.
public let exportedOperatorSet = 17

/// A network as the bytes of an ONNX file: input `input`, output `logits`, the first axis of both
/// open. Values keep the names of their layers.
///
/// - Parameter name: the graph's name.
/// - Throws: ``ExportError`` for a layer that ONNX does not have.
public func exportONNX(_ network: Network, name: String) throws(ExportError) -> [UInt8] {
  var graph = ExportGraph()
  var values = ["input"]
  // Names of values and constants are a layer's name, which may be anything, with endings; a number
  // keeps those of two layers apart.
  for (index, node) in network.nodes.enumerated() {
    let kind = type(of: node.layer).kind
    guard let layer = node.layer as? any ExportableLayer else {
      throw .layer(name: node.name, kind: kind, problem: "there is no such operator")
    }
    var place = ExportPlace(
      inputs: node.inputs.map { values[$0] }, shapes: node.inputs.map { network.shapes[$0] },
      outputShape: network.shapes[index + 1], name: "\(index + 1)/\(node.name)")
    do throws(ExportProblem) {
      values.append(try layer.export(&place, to: &graph))
    } catch {
      throw .layer(name: node.name, kind: kind, problem: error.description)
    }
  }
  graph.alias(values[network.output], named: "logits")
  graph.close(
    name: name, input: ("input", network.inputShape), output: ("logits", network.outputShape))
  var model = Onnx_ModelProto()
  model.irVersion = 8
  model.producerName = "gauntlet"
  var operators = Onnx_OperatorSetIdProto()
  operators.domain = ""
  operators.version = Int64(exportedOperatorSet)
  model.opsetImport = [operators]
  model.graph = graph.graph
  do {
    return try model.serializedBytes()
  } catch {
    throw .tooLarge
  }
}

/// Where a layer stands in the graph.
struct ExportPlace {
  /// The names of the values it reads.
  var inputs: [String]
  /// Their shapes, of one example.
  var shapes: [[Int]]
  /// The shape of one example of its result.
  var outputShape: [Int]
  /// A name no other layer has.
  var name: String
}

/// What is wrong with a layer's parameters.
struct ExportProblem: Error, CustomStringConvertible {
  let description: String
}

/// A layer that ONNX has an operator for, or several.
protocol ExportableLayer: Layer {
  /// Adds its nodes and returns the name of the result.
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String
}
