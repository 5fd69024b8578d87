import Files
import Foundation
import Tensors

/// Turns the tensors of a file into values, with those of side files in the model's folder.
struct TensorReader {
  /// Where the model lies; nil: side files are refused.
  let folder: String?
  /// The side files read so far, by the name in the model.
  private var files: [String: Data] = [:]

  init(folder: String?) { self.folder = folder }

  /// The most bytes of a side file.
  static let fileLimit = 2 << 30

  mutating func read(_ proto: Onnx_TensorProto) throws(ONNXProblem) -> ConstantValue {
    func problem(_ text: String) -> ONNXProblem { .tensor(name: proto.name, text) }
    let shape = proto.dims.map { Int($0) }
    guard let count = shape.checkedElementCount, count <= ConstantValue.limit else {
      throw problem("has the impossible shape \(shape)")
    }
    guard let type = Onnx_TensorProto.DataType(rawValue: Int(proto.dataType)) else {
      throw problem("has the unknown element type \(proto.dataType)")
    }
    let elements: ConstantValue.Elements?
    if proto.dataLocation == .external {
      let bytes = try external(proto, problem)
      elements = try Self.decode(bytes, type, count, problem)
    } else if proto.hasRawData {
      elements = try Self.decode(proto.rawData, type, count, problem)
    } else {
      elements = Self.typed(proto, type)
    }
    guard let elements else {
      throw problem("has elements of type \(type), which is not supported")
    }
    let value = ConstantValue(shape: shape, elements: elements)
    guard value.count == count else {
      throw problem("of shape \(shape) holds \(value.count) elements instead of \(count)")
    }
    if case .floats(let values) = elements, count > 1, !values.allSatisfy(\.isFinite) {
      throw problem("holds a number that is not finite")
    }
    return value
  }

  /// The bytes that a tensor has in another file.
  private mutating func external(
    _ proto: Onnx_TensorProto, _ problem: (String) -> ONNXProblem
  ) throws(ONNXProblem) -> Data {
    var entries: [String: String] = [:]
    for entry in proto.externalData { entries[entry.key] = entry.value }
    guard let location = entries["location"] else {
      throw problem("names no file for its elements")
    }
    guard let folder else { throw problem("lies in another file, which is not allowed here") }
    let data: Data
    if let known = files[location] {
      data = known
    } else {
      do throws(FileError) {
        let path = try resolve(location, inside: folder)
        data = Data(try readStoredBytes(path, limit: Self.fileLimit))
      } catch {
        throw .weights(error)
      }
      files[location] = data
    }
    func number(_ key: String, _ standard: Int) throws(ONNXProblem) -> Int {
      guard let text = entries[key] else { return standard }
      guard let number = Int(text), number >= 0 else {
        throw problem("has the impossible \(key) '\(text)' in file '\(location)'")
      }
      return number
    }
    let offset = try number("offset", 0)
    let length = try number("length", max(data.count - offset, 0))
    guard offset <= data.count, length <= data.count - offset else {
      throw problem(
        "ends at byte \(offset.addingReportingOverflow(length).partialValue) of file "
          + "'\(location)', which has \(data.count)")
    }
    return data[(data.startIndex + offset)..<(data.startIndex + offset + length)]
  }

  /// Elements from little-endian bytes; nil for types that no classifier has.
  private static func decode(
    _ data: Data, _ type: Onnx_TensorProto.DataType, _ count: Int,
    _ problem: (String) -> ONNXProblem
  ) throws(ONNXProblem) -> ConstantValue.Elements? {
    func load<T: BitwiseCopyable>(_: T.Type) throws(ONNXProblem) -> [T] {
      let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.size)
      guard !overflow, data.count == size else {
        throw problem("has \(data.count) bytes for \(count) elements of type \(type)")
      }
      return [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        _ = data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      }
    }
    switch type {
    case .float: return .floats(try load(Float.self))
    case .double: return .floats(try load(Double.self).map(Float.init))
    case .float16: return .floats(try load(UInt16.self).map(float16))
    case .bfloat16:
      return .floats(try load(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
    case .int64: return .integers(try load(Int64.self).map { Int($0) })
    case .int32: return .integers(try load(Int32.self).map { Int($0) })
    case .int16: return .integers(try load(Int16.self).map { Int($0) })
    case .int8: return .integers(try load(Int8.self).map { Int($0) })
    case .uint8, .bool: return .integers(try load(UInt8.self).map { Int($0) })
    case .uint16: return .integers(try load(UInt16.self).map { Int($0) })
    case .uint32: return .integers(try load(UInt32.self).map { Int($0) })
    case .uint64: return .integers(try load(UInt64.self).map { Int(clamping: $0) })
    default: return nil
    }
  }

  /// Elements from the fields for numbers.
  private static func typed(
    _ proto: Onnx_TensorProto, _ type: Onnx_TensorProto.DataType
  ) -> ConstantValue.Elements? {
    switch type {
    case .float: .floats(proto.floatData)
    case .double: .floats(proto.doubleData.map(Float.init))
    case .float16: .floats(proto.int32Data.map { float16(UInt16(truncatingIfNeeded: $0)) })
    case .bfloat16:
      .floats(
        proto.int32Data.map { Float(bitPattern: UInt32(UInt16(truncatingIfNeeded: $0)) << 16) })
    case .int64: .integers(proto.int64Data.map { Int($0) })
    case .int32, .int16, .int8, .uint16, .uint8, .bool: .integers(proto.int32Data.map { Int($0) })
    case .uint32, .uint64: .integers(proto.uint64Data.map { Int(clamping: $0) })
    default: nil
    }
  }

  /// IEEE half precision.
  private static func float16(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7fff)
    let sign = UInt32(bits & 0x8000) << 16
    if magnitude >= 0x7c00 {
      return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13)
    }
    // The exponent's bias differs by 112; the product also normalises what half precision cannot.
    let value = Float(bitPattern: magnitude << 13) * 0x1p112
    return sign == 0 ? value : -value
  }
}
