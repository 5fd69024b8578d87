import Foundation
import Gauntlet

/// An ONNX file of one matrix product over 4 x 4 pixels and 3 classes, and images it is right on.
///
/// The file is written here byte by byte, after the format's own description:
/// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
struct TinyModel {
  let folder: String
  var model: String { "\(folder)/model.onnx" }
  var data: String { "\(folder)/data.npz" }
  static let count = 40

  /// Makes both in a new folder, hands them to `body`, and removes the folder.
  static func with<R>(_ body: (TinyModel) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("gauntlet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let tiny = TinyModel(folder: folder.path)
    let weights = RandomKey(seed: 4, purpose: .test).normals(16 * 3)
    try Data(Self.model(weights)).write(to: URL(fileURLWithPath: tiny.model))
    let levels = RandomKey(seed: 5, purpose: .test).bits(Self.count * 16).map { $0 >> 24 }
    let labels = (0..<Self.count).map { example -> Int in
      let logits = (0..<3).map { label in
        (0..<16).reduce(0.0) {
          $0 + Double(levels[example * 16 + $1]) * Double(weights[$1 * 3 + label])
        }
      }
      return logits.indices.max { logits[$0] < logits[$1] } ?? 0
    }
    try tiny.write(levels.map { Float($0) / 255 }, labels, to: tiny.data)
    return try body(tiny)
  }

  /// Writes images and labels as data.
  func write(_ values: [Float], _ labels: [Int], to path: String) throws {
    let images = Tensor(
      shape: [labels.count, 1, 4, values.count / labels.count / 4], values: values)
    try writeNPZ([("x", NumpyArray(images)), ("y", NumpyArray(labels))], to: path)
  }

  private static func model(_ weights: [Float]) -> [UInt8] {
    let values = weights.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
    let weight =
      number(1, 16) + number(1, 3) + number(2, 1) + bytes(8, "w") + bytes(9, values)
    let flatten = bytes(1, "x") + bytes(2, "f") + bytes(3, "flat") + bytes(4, "Flatten")
    let product =
      bytes(1, "f") + bytes(1, "w") + bytes(2, "y") + bytes(3, "product") + bytes(4, "MatMul")
    let graph =
      bytes(1, flatten) + bytes(1, product) + bytes(2, "tiny") + bytes(5, weight)
      + bytes(11, value("x", [1, 1, 4, 4])) + bytes(12, value("y", [1, 3]))
    return number(1, 8) + bytes(7, graph) + bytes(8, number(2, 13))
  }

  private static func value(_ name: String, _ shape: [Int]) -> [UInt8] {
    let extents = shape.flatMap { bytes(1, number(1, $0)) }
    return bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, extents)))
  }

  private static func bytes(_ field: Int, _ text: String) -> [UInt8] {
    bytes(field, Array(text.utf8))
  }

  private static func bytes(_ field: Int, _ value: [UInt8]) -> [UInt8] {
    variable(field << 3 | 2) + variable(value.count) + value
  }

  private static func number(_ field: Int, _ value: Int) -> [UInt8] {
    variable(field << 3) + variable(value)
  }

  private static func variable(_ value: Int) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + variable(value >> 7)
  }
}
