import Files
import Foundation
import ONNX
import Tensors
import TestSupport
import Testing

/// Files that cannot be imported: each a sentence that names the place, and never a crash.
@Suite struct RefusalTests {
  @Test(arguments: [
    ("unknown-operator", "node 'Einsum_y': operator Einsum is not supported"),
    ("unknown-domain", "node 'Conv_y': operator com.example.Conv is not supported"),
    ("nan-weights", "tensor 'w' holds a number that is not finite"),
    ("wrong-shape", "node 'MatMul_y' (MatMul): shape [1, 3, 4] does not fit weights [2, 5]"),
    ("short-weights", "tensor 'w' has 28 bytes for 8 elements of type float"),
    ("huge-weights", "tensor 'w' has the impossible shape [4611686018427387904, 2]"),
    ("batch-of-8", "input 'x' fixes the batch size to 8; export it with 1 or open"),
    ("open-extent", "input 'x' leaves extents other than the batch size open"),
    ("missing-value", "node 'MatMul_y' (MatMul): reads 'v', which nothing before it yields"),
    ("missing-attribute", "node 'Concat_y' (Concat): attribute 'axis' is missing"),
    ("bad-reshape", "node 'Reshape_y' (Reshape): cannot give shape [5, 2] to [1, 3, 4]"),
    ("huge-expand", "node 'Expand_y' (Expand): shape [1099511627776, 3, 4]"),
    ("constant-output", "its output 'y' does not depend on its input 'x'"),
    ("opset-6", "it uses operator set 6; the oldest that is supported is 7"),
    ("external-outside", "lies outside of the folder"),
    ("external-absolute", "file '/etc/passwd' lies outside of the folder"),
    ("external-absent", "absent.bin' cannot be read: No such file or directory"),
    ("external-too-long", "tensor 'w' ends at byte 4000016 of file 'nan-weights.onnx'"),
  ])
  func isRefusedWithItsReason(_ name: String, _ reason: String) {
    #expect {
      _ = try ONNXModel.read(Fixtures.url("onnx-refused/\(name).onnx").path).network()
    } throws: { error in
      let text = "\(error)"
      if !text.contains(reason) { Issue.record("\(text)") }
      return text.contains("\(name).onnx") && error is ONNXError
    }
  }

  @Test func filesThatAreNoModelsAreNamed() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("net.onnx").path
      let whole = try readFile(Fixtures.url("onnx/family-vit/model.onnx").path)
      for bytes in [[], Array("not a model".utf8), Array(whole[..<(whole.count / 2)])] {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect { _ = try ONNXModel.read(path).network() } throws: { "\($0)".contains(path) }
      }
      #expect { _ = try ONNXModel.read(folder.path) } throws: { "\($0)".contains(folder.path) }
    }
  }

  /// Bytes changed at random may still make a model; they must not make a crash.
  @Test(arguments: FixtureTests.cases)
  func damageIsSurvived(_ name: String) throws {
    let whole = try readFile(Fixtures.url("onnx/\(name)/model.onnx").path)
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("net.onnx").path
      for trial in 0..<40 {
        var bytes = whole
        let random = RandomKey(seed: 3, purpose: .test, draw: trial).bits(8)
        for pair in 0..<(1 + trial % 4) {
          bytes[Int(random[2 * pair]) % bytes.count] = UInt8(
            truncatingIfNeeded: random[2 * pair + 1])
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        _ = try? ONNXModel.read(path).network()
      }
    }
  }
}
