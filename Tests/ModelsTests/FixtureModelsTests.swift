import Foundation
import Models
import NeuralNetworks
import TestSupport
import Tensors
import Testing

@Suite struct FixtureModelsTests {
  @Test(arguments: ["digits-cnn", "digits-cnn-robust"])
  func theExportOfANetworkIsTheNetwork(name: String) throws {
    let native = try loadModel(
      Fixtures.url("models/\(name).json").path, imageShape: [1, 28, 28])
    let onnx = try loadModel(Fixtures.url("models/\(name).onnx").path, imageShape: [1, 28, 28])
    #expect(native.format == .native && onnx.format == .onnx)
    #expect(native.network.parameters == onnx.network.parameters)
    let image = RandomKey(seed: 1, purpose: .test).uniforms(784).map(Double.init)
    #expect(native.network.evaluate(image) == onnx.network.evaluate(image))
  }
}
