import Files
import Foundation
import Models
import NeuralNetworks
import ONNX
import Tensors
import TestSupport
import Testing

/// Layout and normalisation, given, written beside the model, or deduced.
@Suite struct LoadModelTests {
  private let keras = Fixtures.url("onnx/family-keras/model.onnx").path
  private let image = RandomKey(seed: 1, purpose: .test).normals(108).map(Double.init)

  @Test func layoutIsDeduced() throws {
    let loaded = try loadModel(keras, imageShape: [3, 6, 6])
    #expect(loaded.layout == .nhwc)
    #expect(loaded.format == .onnx)
    #expect(loaded.classCount == 3)
    #expect(loaded.notes == ["the final softmax was removed: logits are its input"])
    #expect(loaded.sha256.count == 64)
    let flat = Fixtures.url("onnx/old-listed-initializers/model.onnx").path
    #expect(try loadModel(flat, imageShape: [1, 3, 4]).layout == .nchw)
    #expect(try loadModel(flat, imageShape: [3, 4, 1]).layout == .nchw)
    let line = Fixtures.url("onnx/activation-relu/model.onnx").path
    #expect(try loadModel(line, imageShape: [1, 2, 3]).layout == .nchw)
  }

  @Test func normalisationComesFirst() throws {
    let plain = try loadModel(keras, imageShape: [3, 6, 6])
    let options = PreprocessingOptions(mean: [0.1, 0.2, 0.3], std: [0.5])
    let normal = try loadModel(keras, imageShape: [3, 6, 6], preprocessing: options)
    let moved = image.enumerated().map { ($1 - [0.1, 0.2, 0.3][$0 / 36]) / 0.5 }
    expectClose(
      normal.network.evaluate(image).map { Float($0) }, plain.network.evaluate(moved),
      .accumulation)
    expectGradient(normal.network)
  }

  @Test func optionsWinOverTheFileBesideTheModel() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("net.onnx").path
      try FileManager.default.copyItem(atPath: keras, toPath: path)
      try Data(#"{"mean": [0.5], "std": [2, 2, 2], "layout": "nhwc"}"#.utf8)
        .write(to: folder.appendingPathComponent("net.json"))
      let loaded = try loadModel(
        path, imageShape: [3, 6, 6], preprocessing: .init(mean: [0.25]))
      #expect(loaded.preprocessing == .init(mean: [0.25], std: [2, 2, 2], layout: .nhwc))
    }
  }

  @Test(arguments: [
    (#"{"means": [1]}"#, "field 'means' is not known"),
    (#"{"mean": "one"}"#, "field 'mean' is not a list of numbers"),
    (#"{"layout": "nwhc"}"#, "field 'layout' is not one of nchw, nhwc, flat, flat-column-major"),
    ("[]", "it is not a JSON object"),
    (#"{"std": [0]}"#, "is not positive"),
    (#"{"mean": [0, 1]}"#, "does not fit images of 3 channels"),
    (#"{"layout": "nchw"}"#, "its input of shape [6, 6, 3] cannot hold images [3, 6, 6]"),
  ])
  func badFilesBesideTheModelAreNamed(_ text: String, _ reason: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("net.onnx").path
      try FileManager.default.copyItem(atPath: keras, toPath: path)
      try Data(text.utf8).write(to: URL(fileURLWithPath: path + ".json"))
      #expect {
        _ = try loadModel(path, imageShape: [3, 6, 6])
      } throws: { error in
        let text = "\(error)"
        if !text.contains(reason) { Issue.record("\(text)") }
        return error is ModelError && text.contains("net.onnx")
      }
    }
  }

  @Test func imagesThatDoNotFitAreRefused() {
    #expect {
      _ = try loadModel(keras, imageShape: [1, 28, 28])
    } throws: { "\($0)".contains("it takes inputs of shape [6, 6, 3], the images are [1, 28, 28]") }
  }

  @Test func inspectionNamesWhatIsUnsupported() throws {
    let known = try inspect(keras)
    #expect(known.problem == nil)
    #expect(known.opset == 13)
    #expect(known.operators["Transpose"] == 4)
    #expect(known.inputs[0].shape == [nil, 6, 6, 3])
    #expect(known.layers.last?.shape == [3])
    #expect(known.parameters == 4 * 27 + 4 + 48 + 3)
    let unknown = try inspect(Fixtures.url("onnx-refused/unknown-operator.onnx").path)
    #expect(unknown.unsupported == ["Einsum": ["Einsum_y"]])
    #expect(unknown.problem == "node 'Einsum_y': operator Einsum is not supported")
  }

  @Test func nativeNetworksAreRead() throws {
    try withTemporaryFolder { folder in
      let loaded = try loadModel(keras, imageShape: [3, 6, 6])
      let path = folder.appendingPathComponent("net").path
      try NetworkFile(loaded.network).write(to: path)
      for name in [path, path + ".json", path + ".safetensors"] {
        let native = try loadModel(name, imageShape: [3, 6, 6])
        #expect(native.format == .native)
        #expect(native.network.evaluate(image) == loaded.network.evaluate(image))
      }
      #expect(try inspect(path).layers.count == loaded.network.nodes.count)
    }
  }
}
