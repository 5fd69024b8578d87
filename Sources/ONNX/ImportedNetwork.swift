import Foundation
public import NeuralNetworks
import Tensors

/// A network imported from an ONNX model.
public struct ImportedNetwork: Sendable {
  /// From the model's input, without the batch axis, to logits `[classes]`.
  public var network: Network
  /// What was changed on the way, as sentences.
  public var notes: [String]

  public init(network: Network, notes: [String]) {
    self.network = network
    self.notes = notes
  }
}

extension ONNXModel {
  /// The model as a network for one example, which ends in logits: a softmax at the end is cut off.
  ///
  /// The graph is imported at batch size 1: everything that does not depend on the image becomes a
  /// constant, and what remains is the computation of one example.
  /// - Parameter inputShape: the input's shape without the batch axis, for extents that the model
  ///   leaves open.
  /// - Throws: ``ONNXError`` naming the node or tensor that cannot be imported.
  public func network(inputShape: [Int]? = nil) throws(ONNXError) -> ImportedNetwork {
    do throws(ONNXProblem) {
      let graph = try Graph(proto)
      let shape = try Self.batchOne(graph.input, inputShape)
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      let imported = try graph.network(inputShape: shape, opset: opset, folder: folder)
      var notes: [String] = []
      if proto.output.count > 1 {
        notes.append("only the first of \(proto.output.count) outputs, '\(graph.output)', is used")
      }
      return ImportedNetwork(
        network: try Self.endingInLogits(imported.network, &notes), notes: notes)
    } catch {
      throw .model(path: path, error)
    }
  }

  /// The shape of the input with one example.
  private static func batchOne(
    _ input: TensorDescription, _ stated: [Int]?
  ) throws(ONNXProblem) -> [Int] {
    guard var shape = input.shape else {
      guard let stated else { throw .graph("input '\(input.name)' has no shape") }
      return [1] + stated
    }
    guard !shape.isEmpty else { throw .graph("input '\(input.name)' is a single number") }
    if shape.count > 1 {
      if let batch = shape[0], batch != 1 {
        throw .graph(
          "input '\(input.name)' fixes the batch size to \(batch); export it with 1 or open")
      }
      shape[0] = 1
    }
    if let stated, shape.count > 1, stated.count == shape.count - 1 {
      for (axis, extent) in stated.enumerated() where shape[axis + 1] == nil {
        shape[axis + 1] = extent
      }
    }
    let known = shape.compactMap(\.self)
    guard known.count == shape.count else {
      throw .graph("input '\(input.name)' leaves extents other than the batch size open")
    }
    guard let count = known.checkedElementCount, count <= GraphBuilder.limit else {
      throw .graph("input '\(input.name)' has the impossible shape \(known)")
    }
    return known
  }

  /// The network up to the input of a last softmax, as a vector.
  private static func endingInLogits(
    _ network: Network, _ notes: inout [String]
  ) throws(ONNXProblem) -> Network {
    var network = network
    let classes = network.outputShape.elementCount
    var last = network.output
    while last > 0, network.nodes[last - 1].layer.isView {
      last = network.nodes[last - 1].inputs[0]
    }
    if last > 0 {
      let node = network.nodes[last - 1]
      if let softmax = node.layer as? Softmax, network.shapes[last][softmax.axis] == classes {
        network.setOutput(node.inputs[0])
        notes.append(
          "the final \(softmax.logarithmic ? "log-softmax" : "softmax") was removed: "
            + "logits are its input")
      } else if let activation = node.layer as? Activation, activation.function == .sigmoid {
        notes.append("the output passes a sigmoid, so it is not logits")
      }
    }
    if network.outputShape != [classes] {
      do throws(NetworkError) {
        try network.append(Reshape([classes]), named: "logits of \(classes) classes")
      } catch {
        throw .graph(error.description)
      }
    }
    return network
  }
}
