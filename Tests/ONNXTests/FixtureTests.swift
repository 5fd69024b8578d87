import Files
import Foundation
import NeuralNetworks
import ONNX
import Tensors
import TestSupport
import Testing

/// Small models, most of one operator, against onnxruntime; see `Fixtures/onnx/generate.py`.
@Suite struct FixtureTests {
  static let cases: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: Fixtures.url("onnx").path)
    return (names ?? []).filter { !$0.contains(".") }.sorted()
  }()

  @Test func thereAreFixtures() { #expect(Self.cases.count > 50) }

  @Test(arguments: cases)
  func yieldsWhatTheReferenceYields(_ name: String) throws {
    let imported = try ONNXModel.read(path(name, "model.onnx")).network()
    let network = imported.network
    let inputs = try floats(path(name, "inputs.f32"))
    let outputs = try floats(path(name, "outputs.f32"))
    let size = network.inputShape.elementCount
    let count = network.outputShape.elementCount
    try #require(inputs.count == 3 * size && outputs.count == 3 * count)
    let workspace = Plan(network, capacity: 3).makeWorkspace()
    workspace.input.update(from: inputs, count: inputs.count)
    workspace.forward(count: 3)
    for example in 0..<3 {
      var row = (0..<count).map { Double(workspace.output[example * count + $0]) }
      if imported.notes.contains(where: { $0.contains("softmax was removed") }) {
        let sum = row.reduce(0) { $0 + exp($1) }
        row = row.map { exp($0) / sum }
      }
      let expected = outputs[example * count..<(example + 1) * count].map(Double.init)
      expectClose(row.map { Float($0) }, expected, .accumulation)
    }
  }

  @Test(arguments: cases)
  func hasTheGradientOfItsDefinition(_ name: String) throws {
    let network = try ONNXModel.read(path(name, "model.onnx")).network().network
    expectGradient(network, tolerance: Tolerance(relative: 5e-5, absolute: 5e-6))
  }

  /// NHWC models run as NCHW: transposes meet and vanish.
  @Test func transposesCancel() throws {
    let network = try ONNXModel.read(path("family-keras", "model.onnx")).network().network
    #expect(network.nodes.count { $0.layer is Transpose } == 4)
    #expect(network.optimized().nodes.count { $0.layer is Transpose } == 2)
  }

  private func path(_ name: String, _ file: String) -> String {
    Fixtures.url("onnx/\(name)/\(file)").path
  }

  private func floats(_ path: String) throws -> [Float] {
    let data = Data(try readFile(path))
    return [Float](unsafeUninitializedCapacity: data.count / 4) { buffer, count in
      count = data.copyBytes(to: buffer) / 4
    }
  }
}
