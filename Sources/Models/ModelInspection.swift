import Files
public import ONNX
import NeuralNetworks
import Tensors

/// What is in a model file.
public struct ModelInspection: Sendable, Codable {
  /// A layer of the imported network.
  public struct Layer: Sendable, Codable {
    public let name: String
    public let kind: String
    /// Of its result for one example.
    public let shape: [Int]
  }

  public let path: String
  public let sha256: String
  public let format: ModelFormat
  /// What wrote the file, where it says so.
  public let producer: String?
  /// The version of ONNX's operator set.
  public let opset: Int?
  public let inputs: [TensorDescription]
  public let outputs: [TensorDescription]
  /// How often each operator occurs.
  public let operators: [String: Int]
  /// The operators that cannot be imported, each with the names of its nodes.
  public let unsupported: [String: [String]]
  /// How many numbers the model has learned.
  public let parameters: Int
  /// The network after import; none where it cannot be imported.
  public let layers: [Layer]
  public let notes: [String]
  /// Why it cannot be imported.
  public let problem: String?
}

/// Describes a model file, also one that cannot be imported.
///
/// - Parameter imageShape: The shape of images, for models that leave extents open.
/// - Throws: ``ModelError`` where the file cannot be read or is no model.
public func inspect(
  _ path: String, imageShape: [Int]? = nil
) throws(ModelError) -> ModelInspection {
  if let native = nativeDescription(of: path) {
    let network = try readNative(native).network
    return ModelInspection(
      path: path, sha256: try digest(native), format: .native, producer: "gauntlet", opset: nil,
      inputs: [TensorDescription(name: "input", shape: [nil] + network.inputShape)],
      outputs: [TensorDescription(name: "logits", shape: [nil] + network.outputShape)],
      operators: [:], unsupported: [:], parameters: network.parameterCount,
      layers: layers(of: network), notes: [], problem: nil)
  }
  let model: ONNXModel
  var imported: ImportedNetwork?
  var problem: String?
  do throws(ONNXError) { model = try ONNXModel.read(path) } catch { throw .onnx(error) }
  do throws(ONNXError) {
    imported = try model.network(inputShape: imageShape)
  } catch {
    if case .model(_, let inner) = error {
      problem = inner.description
    } else {
      problem = error.description
    }
  }
  return ModelInspection(
    path: path, sha256: try digest(path), format: .onnx,
    producer: model.producer.isEmpty ? nil : model.producer, opset: model.opset,
    inputs: model.inputs, outputs: model.outputs, operators: model.operators,
    unsupported: model.unsupported, parameters: model.parameterCount,
    layers: imported.map { layers(of: $0.network) } ?? [], notes: imported?.notes ?? [],
    problem: problem)
}

private func layers(of network: Network) -> [ModelInspection.Layer] {
  zip(network.nodes, network.shapes.dropFirst()).map {
    .init(name: $0.name, kind: type(of: $0.layer).kind, shape: $1)
  }
}

private func digest(_ path: String) throws(ModelError) -> String {
  do throws(FileError) { return try sha256(ofFile: path) } catch { throw .file(error) }
}
