import Files
import Gauntlet

/// What is in a model file.
struct Inspection: Encodable {
  /// One layer of the network that the file becomes.
  struct Layer: Encodable {
    var name: String
    var kind: String
    /// Of one example.
    var outputShape: [Int]
    var parameters: Int
  }

  var path: String
  var sha256: String
  var format: String
  var producer: String?
  var opset: Int?
  var inputs: [TensorDescription]?
  var outputs: [TensorDescription]?
  /// How often each operator of an ONNX file occurs.
  var operators: [String: Int]?
  /// The operators that cannot be imported, with the nodes they are at.
  var unsupported: [String: [String]]?
  /// Why it cannot become a network; absent where it can.
  var problem: String?
  var notes: [String] = []
  var inputShape: [Int]?
  var classCount: Int?
  var parameters: Int?
  var layers: [Layer] = []

  /// Reads the file as far as it can be read.
  ///
  /// - Throws: an error naming the file where it is no model at all.
  init(of path: String) throws {
    self.path = path
    sha256 = try Files.sha256(ofFile: path)
    if path.hasSuffix(".json") || path.hasSuffix(".safetensors") {
      format = ModelFormat.native.rawValue
      describe(try NetworkFile.read(path).network)
      return
    }
    format = ModelFormat.onnx.rawValue
    let model = try ONNXModel.read(path)
    producer = model.producer.isEmpty ? nil : model.producer
    opset = model.opset
    inputs = model.inputs
    outputs = model.outputs
    operators = model.operators
    unsupported = model.unsupported
    do throws(ONNXError) {
      let imported = try model.network()
      notes = imported.notes
      describe(imported.network)
    } catch {
      problem = error.description
    }
  }

  private mutating func describe(_ network: Network) {
    inputShape = network.inputShape
    classCount = network.outputShape.elementCount
    parameters = network.parameterCount
    layers = zip(network.nodes, network.shapes.dropFirst()).map { node, shape in
      Layer(
        name: node.name, kind: type(of: node.layer).kind, outputShape: shape,
        parameters: node.layer.parameters.reduce(0) { $0 + $1.values.count })
    }
  }

  /// A page of plain text.
  var text: String {
    var lines = ["model       \(path)", "sha256      \(sha256)"]
    let origin = [producer.map { "by \($0)" }, opset.map { "operator set \($0)" }]
    lines.append("format      \(([format] + origin.compactMap { $0 }).joined(separator: ", "))")
    for input in inputs ?? [] { lines.append("input       \(Self.text(input))") }
    for output in outputs ?? [] { lines.append("output      \(Self.text(output))") }
    if let operators {
      let counts = operators.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      lines.append("operators   \(counts.joined(separator: ", "))")
    }
    for (name, nodes) in (unsupported ?? [:]).sorted(by: { $0.key < $1.key }) {
      let places = nodes.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
      lines.append(
        "unsupported \(name) at \(places)\(nodes.count > 3 ? " and \(nodes.count - 3) more" : "")")
    }
    if let classCount { lines.append("classes     \(classCount)") }
    if let parameters { lines.append("parameters  \(grouped(parameters))") }
    lines += notes.map { "note        \($0)" }
    if let problem { lines.append("problem     \(problem)") }
    if !layers.isEmpty {
      let width = layers.map(\.name.count).max() ?? 0
      let kindWidth = layers.map(\.kind.count).max() ?? 0
      lines += ["", "layers, with the shape of their output for one example"]
      lines += layers.map { layer in
        let name = layer.name + String(repeating: " ", count: width - layer.name.count)
        let kind = layer.kind + String(repeating: " ", count: kindWidth - layer.kind.count)
        let parameters = layer.parameters > 0 ? "  \(grouped(layer.parameters)) parameters" : ""
        return "  \(name)  \(kind)  \(layer.outputShape)\(parameters)"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func text(_ tensor: TensorDescription) -> String {
    guard let shape = tensor.shape else { return "'\(tensor.name)' of unstated shape" }
    let extents = shape.map { $0.map { "\($0)" } ?? "?" }.joined(separator: ", ")
    return "'\(tensor.name)' [\(extents)]"
  }
}
