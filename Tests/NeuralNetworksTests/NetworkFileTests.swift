import Foundation
import NeuralNetworks
import Tensors
import TestSupport
import Testing

@Suite final class NetworkFileTests {
  private let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/gauntlet-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static func network() throws -> Network {
    func numbers(_ shape: [Int], _ index: Int) -> Tensor {
      let key = RandomKey(seed: 6, purpose: .test, example: index)
      return Tensor(shape: shape, values: key.normals(shape.elementCount))
    }
    var network = Network(inputShape: [2, 6, 6])
    try network.append(Affine(scale: [2, 3], shift: [0.1, -0.2]), named: "normalize")
    let conv = try network.append(
      Convolution(
        weight: numbers([3, 2, 3, 3], 0), bias: numbers([3], 1), padding: Padding(all: 1)),
      named: "conv")
    let norm = try network.append(
      BatchNormalization(
        gamma: [1, 2, 3], beta: [0, 1, 0], mean: [0.5, 0, 0], variance: [1, 2, 0.1]), named: "norm")
    try network.append(Sum(), named: "sum", reading: [conv, norm])
    try network.append(Activation(.clip(low: 0, high: .infinity)), named: "clip")
    try network.append(MaxPool(kernel: .init(2, 2)), named: "max")
    try network.append(AveragePool(kernel: .init(2, 2), stride: .init(1, 1)), named: "average")
    try network.append(AveragePool.global, named: "global")
    try network.append(Dropout(rate: 0.25), named: "dropout")
    try network.append(Reshape([3]), named: "flatten")
    try network.append(Dense(weight: numbers([4, 3], 2), bias: numbers([4], 3)), named: "logits")
    return network
  }

  @Test func networksComeBackAsTheyWere() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let network = try Self.network()
    try NetworkFile(network, range: -1...1, classNames: ["a", "b", "ö", "\"d\""])
      .write(to: folder + "/net")
    for name in ["/net", "/net.json", "/net.safetensors"] {
      let file = try NetworkFile.read(folder + name)
      #expect(file.network.parameters == network.parameters)
      #expect(file.range == -1...1 && file.classNames == ["a", "b", "ö", "\"d\""])
      let input = RandomKey(seed: 1, purpose: .test).normals(72).map(Double.init)
      #expect(file.network.evaluate(input) == network.evaluate(input))
      #expect(file.network.nodes.map(\.name) == network.nodes.map(\.name))
      #expect(file.network.nodes.map(\.inputs) == network.nodes.map(\.inputs))
    }
  }

  /// The description of a small network with `from` replaced by `to`, read back.
  private func message(_ from: String, _ to: String) throws -> String {
    try NetworkFile(Self.network()).write(to: folder + "/net")
    let text = try String(contentsOfFile: folder + "/net.json", encoding: .utf8)
    #expect(text.contains(from), "'\(from)' is not in the description")
    try text.replacingOccurrences(of: from, with: to)
      .write(toFile: folder + "/net.json", atomically: true, encoding: .utf8)
    do {
      _ = try NetworkFile.read(folder + "/net")
      return "none"
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    ("\"kind\": \"sum\"", "\"kind\": \"magic\"", "node 'sum' is of an unknown kind 'magic'"),
    ("\"name\": \"norm\"", "\"name\": \"conv\"", "node 'conv' is there twice"),
    ("\"inputs\": [2, 3]", "\"inputs\": [2, 30]", "layer 'sum': reads value 30 of 4"),
    ("\"inputs\": [2, 3]", "\"inputs\": [2, -1]", "layer 'sum': reads value -1 of 4"),
    ("\"rate\": 0.25", "\"rate\": 1e30", "layer 'dropout': rate 1e+30 is not in [0, 1)"),
    ("\"groups\": 1", "\"groups\": 0", "layer 'conv': weights [3, 2, 3, 3] in 0 groups"),
    ("\"tensor\": \"gamma\"", "\"tensor\": \"nothing\"", "no tensor 'nothing' in the weights"),
    ("\"tensor\": \"shift\"", "\"tensor\": \"scale\", \"a\": 1, \"a\": 2", "'a' is there twice"),
    ("\"inputShape\": [2, 6, 6]", "\"inputShape\": [2, 6, 99999999999]", "'inputShape'"),
    ("\"inputShape\": [2, 6, 6]", "\"inputShape\": [2, 0, 6]", "'inputShape'"),
    ("\"inputShape\": [2, 6, 6]", "\"inputShape\": [3, 6, 6]", "layer 'normalize': 2 factors"),
    ("\"output\": 11", "\"output\": 12", "'output' is not the number of a value"),
    ("\"version\": 1", "\"version\": 2", "has a version other than 1"),
    ("\"file\": \"net", "\"file\": \"../net", "lies outside of the folder"),
    ("\"stride\": {", "\"stride\": {\"y\": [], ", "is there twice"),
    ("\"format\"", "[", "is not JSON: byte"),
    ("\"range\": [0, 1]", "\"range\": [1, 0]", "'range' is not two numbers in order"),
  ])
  func damagedDescriptionsAreRefused(from: String, to: String, expected: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let message = try message(from, to)
    #expect(message.contains(expected), "\(message)")
  }

  @Test func layersWithTensorsOfTheWrongShapeAreRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Each tensor of each layer is exchanged for each other one: an error or another network.
    let names = ["weight", "bias"]
    for from in names {
      for to in names where from != to {
        let message = try message("\"tensor\": \"\(from)\"", "\"tensor\": \"\(to)\"")
        #expect(message.contains("layer 'conv': weights"), "\(message)")
      }
    }
    #expect(try message("\"tensor\": \"mean\"", "\"tensor\": \"gamma\"") == "none")
  }

  @Test func weightsThatAreNotNumbersOrNotTheseAreRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var network = try Self.network()
    var parameters = network.parameters
    parameters[1].values[2] = .nan
    network.parameters = parameters
    try NetworkFile(network).write(to: folder + "/nan")
    #expect(
      throws: NetworkFileError.malformed(
        path: folder + "/nan.safetensors", problem: "tensor 'conv.bias': element 2 is nan")
    ) { try NetworkFile.read(folder + "/nan") }
    try NetworkFile(Self.network()).write(to: folder + "/other")
    try FileManager.default.removeItem(atPath: folder + "/nan.safetensors")
    try FileManager.default.copyItem(
      atPath: folder + "/other.safetensors", toPath: folder + "/nan.safetensors")
    #expect(throws: NetworkFileError.self) { try NetworkFile.read(folder + "/nan") }
  }

  @Test func tensorsComeBackFromTheirBytes() throws {
    let tensors = [
      "a": Tensor(shape: [2, 3], values: [1, -2, 3, 0.1, .infinity, .leastNonzeroMagnitude]),
      "b.c": Tensor(shape: [], values: [7]), "empty": Tensor(shape: [0, 4]),
    ]
    let bytes = Safetensors.encode(tensors, metadata: ["x": "y\n\u{1}"])
    let result = try Safetensors.decode(bytes, path: "f")
    #expect(result.tensors == tensors && result.metadata == ["x": "y\n\u{1}"])
  }

  @Test func otherNumberTypesAreConverted() throws {
    let table =
      #"{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1],"#
      + #""data_offsets":[4,6]},"d":{"dtype":"F64","shape":[1],"data_offsets":[6,14]}}"#
    // 1.5 and -2 in half, 1.5 in bfloat16, 0.25 in double precision.
    let data: [UInt8] = [0x00, 0x3e, 0x00, 0xc0, 0xc0, 0x3f, 0, 0, 0, 0, 0, 0, 0xd0, 0x3f]
    let result = try Safetensors.decode(Self.file(table, data), path: "f").tensors
    #expect(result["h"]?.values == [1.5, -2] && result["b"]?.values == [1.5])
    #expect(result["d"]?.values == [0.25])
  }

  private static func file(_ table: String, _ data: [UInt8]) -> [UInt8] {
    [UInt8(table.utf8.count & 255), UInt8(table.utf8.count >> 8), 0, 0, 0, 0, 0, 0]
      + Array(table.utf8) + data
  }

  private static func tensor(_ shape: String, _ offsets: String, type: String = "F32") -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test(arguments: [
    (#"{"a":"# + tensor("[1]", "[0,4]") + "}", 3, "tensor 'a' ends at 4 of 3 bytes"),
    (#"{"a":"# + tensor("[1]", "[0,4]") + "}", 5, "1 bytes after the last tensor"),
    (#"{"a":"# + tensor("[1]", "[4,8]") + "}", 8, "starts at 4, the one before it ends at 0"),
    (
      #"{"a":"# + tensor("[1]", "[0,4]") + #","b":"# + tensor("[1]", "[2,6]") + "}", 8,
      "tensor 'b' starts at 2, the one before it ends at 4"
    ),
    (
      #"{"a":"# + tensor("[1]", "[0,4]") + #","a":"# + tensor("[1]", "[4,8]") + "}", 8,
      "'a' is there twice"
    ),
    (#"{"a":"# + tensor("[3]", "[0,4]") + "}", 4, "shape [3] takes 12 bytes, it has 4"),
    (#"{"a":"# + tensor("[-1]", "[0,4]") + "}", 4, "its shape is not"),
    (#"{"a":"# + tensor("[4294967296,4294967296,2]", "[0,4]") + "}", 4, "its shape is not"),
    (#"{"a":"# + tensor("[1]", "[4,0]") + "}", 4, "its data offsets are not"),
    (#"{"a":"# + tensor("[1]", "[0,4]", type: "I8") + "}", 4, "numbers of type I8"),
    (#"{"a":1}"#, 4, "numbers of type none"),
    (#"[]"#, 0, "the table of tensors is not an object"),
    (String(repeating: "[", count: 100), 0, "nested deeper than 64"),
    (#"{"a":01}"#, 0, "a number with a leading zero"),
    (#"{"a":1e999}"#, 0, "out of range"),
    (#"{"a":"\ud800"}"#, 0, "half a surrogate pair"),
    (#"{"__metadata__":{"k":1}}"#, 0, "metadata 'k' is not a string"),
  ])
  func damagedTablesAreRefused(table: String, bytes: Int, expected: String) {
    let file = Self.file(table, [UInt8](repeating: 0, count: bytes))
    do {
      _ = try Safetensors.decode(file, path: "w.safetensors")
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains(expected), "\(error)")
      #expect("\(error)".hasPrefix("file 'w.safetensors': "))
    }
  }

  @Test func lengthsBeyondTheFileAreRefused() {
    for bytes in [
      [], [1, 2, 3], [UInt8](repeating: 255, count: 8), [9, 0, 0, 0, 0, 0, 0, 0, 0x7b],
    ] {
      #expect(throws: NetworkFileError.self) { try Safetensors.decode(bytes, path: "f") }
    }
  }
}
