internal import Files
internal import Tensors

/// A trained network on disk: `<name>.json` says what it is, `<name>.safetensors` holds its
/// weights.
///
/// The description has: `format` "gauntlet network", `version` 1, `inputShape`, `range` (of the
/// data the network takes; normalisation is a layer of it), `classNames` (optional), `weights`
/// (`file` beside the description, `sha256`), `nodes` (each `name`, `kind`, `inputs`, `layer`),
/// `output`, `training` (optional). A tensor `weight` of node `conv1` is `conv1.weight` in the
/// weights.
public struct NetworkFile: Sendable {
  /// From data to logits.
  public var network: Network
  /// The smallest and largest value of the data it takes.
  public var range: ClosedRange<Float>
  /// One for each output, or nil.
  public var classNames: [String]?
  /// How it was trained, if it was trained here.
  public var training: TrainingSummary?

  public init(
    _ network: Network, range: ClosedRange<Float> = 0...1, classNames: [String]? = nil,
    training: TrainingSummary? = nil
  ) {
    self.network = network
    self.range = range
    self.classNames = classNames
    self.training = training
  }

  private static let format = "gauntlet network"
  private static let version = 1
  /// The most values, all layers' outputs together, that an example may take.
  private static let mostValues = 1 << 28
  private static let mostNodes = 1 << 14

  /// A path without the ending of either file.
  public static func stem(_ path: String) -> String {
    for ending in [".json", ".safetensors"] where path.hasSuffix(ending) {
      return String(path.dropLast(ending.count))
    }
    return path
  }

  /// Both paths for a path with either ending or none.
  public static func paths(_ path: String) -> (description: String, weights: String) {
    (stem(path) + ".json", stem(path) + ".safetensors")
  }

  /// Writes both files, each whole or not at all, the weights first.
  /// - Parameter path: with either ending or none.
  /// - Throws: ``FileError``, or ``NetworkFileError`` for a network that no file can hold.
  public func write(to path: String) throws {
    let paths = Self.paths(path)
    var tensors: [String: Tensor] = [:]
    var nodes: [JSONValue] = []
    var names: Set<String> = []
    for node in network.nodes {
      let kind = type(of: node.layer).kind
      guard LayerRegistry.type(kind: kind) != nil, names.insert(node.name).inserted else {
        throw NetworkFileError.malformed(
          path: paths.description, problem: "layer '\(node.name)' (\(kind)) cannot be written")
      }
      let store = TensorArchive()
      let layer = try JSONValue(encoding: node.layer, archive: store)
      for (name, tensor) in store.tensors { tensors["\(node.name).\(name)"] = tensor }
      nodes.append(
        .object([
          .init(key: "name", value: .string(node.name)), .init(key: "kind", value: .string(kind)),
          .init(key: "inputs", value: .array(node.inputs.map { .number(Double($0)) })),
          .init(key: "layer", value: layer),
        ]))
    }
    let weights = Safetensors.encode(tensors)
    let weightsName = paths.weights.split(separator: "/").last.map(String.init) ?? paths.weights
    var members: [JSONValue.Member] = [
      .init(key: "format", value: .string(Self.format)),
      .init(key: "version", value: .number(Double(Self.version))),
      .init(
        key: "inputShape", value: .array(network.inputShape.map { .number(Double($0)) })),
      .init(
        key: "range",
        value: .array([.number(Double(range.lowerBound)), .number(Double(range.upperBound))])),
      .init(
        key: "weights",
        value: .object([
          .init(key: "file", value: .string(weightsName)),
          .init(key: "sha256", value: .string(sha256(of: weights))),
        ])),
      .init(key: "nodes", value: .array(nodes)),
      .init(key: "output", value: .number(Double(network.output))),
    ]
    if let classNames {
      members.append(.init(key: "classNames", value: .array(classNames.map { .string($0) })))
    }
    if let training {
      members.append(.init(key: "training", value: try JSONValue(encoding: training)))
    }
    try writeAtomically(weights, to: paths.weights)
    try writeAtomically(JSONValue.object(members).text(indent: "  ") + "\n", to: paths.description)
  }

  /// Reads both files.
  /// - Parameter path: with either ending or none.
  /// - Throws: ``FileError`` and ``NetworkFileError``; nothing in a file can make it trap.
  public static func read(_ path: String) throws -> NetworkFile {
    let paths = paths(path)
    let reader = Reader(path: paths.description)
    let json = try reader.json(try readFile(paths.description, limit: 64 << 20))
    guard json["format"]?.string == format else {
      throw reader.malformed("is not a description of a network (no format '\(format)')")
    }
    guard json["version"]?.int == version else {
      throw reader.malformed("has a version other than \(version)")
    }
    guard let shape = json["inputShape"]?.ints, !shape.isEmpty, shape.count <= 8,
      shape.allSatisfy({ $0 > 0 }), let size = shape.checkedElementCount, size <= mostValues
    else { throw reader.malformed("'inputShape' is not a list of 1 to 8 extents") }
    let tensors = try weights(json, reader)
    let network = try network(json, inputShape: shape, tensors: tensors, reader)
    return NetworkFile(
      network, range: try range(json, reader),
      classNames: try classNames(json, network, reader),
      training: try json["training"].map {
        try reader.decode($0, TrainingSummary.self, "'training'")
      })
  }

  private static func weights(_ json: JSONValue, _ reader: Reader) throws -> [String: Tensor] {
    guard let name = json["weights"]?["file"]?.string,
      let digest = json["weights"]?["sha256"]?.string
    else { throw reader.malformed("'weights' has no 'file' and 'sha256'") }
    let folder = reader.path.lastIndex(of: "/").map { String(reader.path[..<$0]) } ?? "."
    let path = try resolve(name, inside: folder.isEmpty ? "/" : folder)
    let bytes = try readFile(path)
    guard sha256(of: bytes) == digest else {
      throw NetworkFileError.mismatch(
        path: path, problem: "are not the weights that '\(reader.path)' was written with (SHA-256)")
    }
    let tensors = try Safetensors.decode(bytes, path: path).tensors
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
        throw NetworkFileError.malformed(
          path: path, problem: "tensor '\(name)': element \(index) is \(tensor.values[index])")
      }
    }
    return tensors
  }

  private static func network(
    _ json: JSONValue, inputShape: [Int], tensors: [String: Tensor], _ reader: Reader
  ) throws -> Network {
    guard let nodes = json["nodes"]?.array, nodes.count <= mostNodes else {
      throw reader.malformed("'nodes' is not a list of at most \(mostNodes)")
    }
    var network = Network(inputShape: inputShape)
    var names: Set<String> = []
    var size = inputShape.elementCount
    for (index, node) in nodes.enumerated() {
      guard let name = node["name"]?.string, let kind = node["kind"]?.string,
        let inputs = node["inputs"]?.ints, let description = node["layer"]
      else { throw reader.malformed("node \(index) has no 'name', 'kind', 'inputs' and 'layer'") }
      let place = "node '\(name.prefix(80))'"
      guard names.insert(name).inserted else { throw reader.malformed("\(place) is there twice") }
      guard let type = LayerRegistry.type(kind: kind) else {
        throw reader.malformed("\(place) is of an unknown kind '\(kind.prefix(80))'")
      }
      var own: [String: Tensor] = [:]
      for (key, tensor) in tensors where key.hasPrefix(name + ".") {
        own[String(key.dropFirst(name.count + 1))] = tensor
      }
      let layer = try reader.decode(description, type, place, TensorArchive(own))
      do {
        try network.append(layer, named: name, reading: inputs)
      } catch {
        throw reader.malformed("\(error)")
      }
      size += network.outputShape.elementCount
      guard size <= mostValues else {
        throw reader.malformed("\(place): an example takes more than \(mostValues) values")
      }
    }
    guard let output = json["output"]?.int, output >= 0, output <= nodes.count else {
      throw reader.malformed("'output' is not the number of a value")
    }
    network.setOutput(output)
    return network
  }

  private static func range(_ json: JSONValue, _ reader: Reader) throws -> ClosedRange<Float> {
    guard let numbers = json["range"] else { return 0...1 }
    let range = try reader.decode(numbers, [Float].self, "'range'")
    guard range.count == 2, range[0].isFinite, range[1].isFinite, range[0] < range[1] else {
      throw reader.malformed("'range' is not two numbers in order")
    }
    return range[0]...range[1]
  }

  private static func classNames(
    _ json: JSONValue, _ network: Network, _ reader: Reader
  ) throws -> [String]? {
    guard let list = json["classNames"] else { return nil }
    let names = try reader.decode(list, [String].self, "'classNames'")
    guard names.count == network.outputShape.elementCount else {
      throw reader.malformed(
        "'classNames' has \(names.count), the network \(network.outputShape.elementCount) outputs")
    }
    return names
  }
}

/// Reads parts of one file and names it in errors.
struct Reader {
  let path: String

  func malformed(_ problem: String) -> NetworkFileError { .malformed(path: path, problem: problem) }

  func json(_ bytes: [UInt8]) throws -> JSONValue {
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      throw malformed("is not JSON: \(error)")
    }
  }

  func decode<T: Decodable>(
    _ value: JSONValue, _ type: T.Type, _ place: String, _ store: TensorArchive? = nil
  ) throws -> T {
    do {
      return try value.decoded(type, archive: store)
    } catch let error as DecodingError {
      throw malformed("\(place): \(Self.explain(error))")
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    func at(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
      let path = (context.codingPath + (key.map { [$0] } ?? [])).map(\.stringValue)
      return path.isEmpty ? "" : "'\(path.joined(separator: "."))' "
    }
    switch error {
    case .keyNotFound(let key, let context): return at(context, key) + "is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return at(context) + "is of the wrong type"
    case .dataCorrupted(let context): return at(context) + context.debugDescription.lowercased()
    @unknown default: return "cannot be read"
    }
  }
}
