public import Tensors

/// The safetensors format: a JSON table of names, types, shapes and places, then the raw numbers.
///
/// 8 bytes: the length n of the table, little-endian; n bytes: the table; the data. Data are
/// written in single precision; single, double, half and bfloat16 are read. Written files load in
/// the format's own library (https://github.com/huggingface/safetensors).
public enum Safetensors {
  /// The longest table accepted, in bytes.
  public static let longestTable = 16 << 20

  /// The bytes of a file with these tensors, in order of their names.
  public static func encode(
    _ tensors: [String: Tensor], metadata: [String: String] = [:]
  ) -> [UInt8] {
    var table: [JSONValue.Member] = []
    if !metadata.isEmpty {
      table.append(
        .init(
          key: "__metadata__",
          value: .object(
            metadata.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .string($0.value)) }
          )))
    }
    let sorted = tensors.sorted { $0.key < $1.key }
    var end = 0
    for (name, tensor) in sorted {
      let start = end
      end += tensor.values.count * 4
      table.append(
        .init(
          key: name,
          value: .object([
            .init(key: "dtype", value: .string("F32")),
            .init(key: "shape", value: .array(tensor.shape.map { .number(Double($0)) })),
            .init(
              key: "data_offsets", value: .array([.number(Double(start)), .number(Double(end))])),
          ])))
    }
    var text = Array(JSONValue.object(table).text().utf8)
    while text.count % 8 != 0 { text.append(0x20) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + text.count + end)
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes += $0 }
    bytes += text
    for (_, tensor) in sorted {
      for value in tensor.values {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
      }
    }
    return bytes
  }

  /// What a file's bytes say.
  /// - Parameter path: for messages.
  /// - Throws: ``NetworkFileError/malformed(path:problem:)`` where the table is not valid, or its
  ///   tensors overlap, leave gaps, or do not fill the data.
  public static func decode(
    _ bytes: [UInt8], path: String
  ) throws(NetworkFileError) -> (tensors: [String: Tensor], metadata: [String: String]) {
    func malformed(_ problem: String) -> NetworkFileError {
      .malformed(path: path, problem: problem)
    }
    guard bytes.count >= 8 else {
      throw malformed("holds \(bytes.count) bytes, too few for a safetensors file")
    }
    let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * $1) }
    guard length <= UInt64(min(longestTable, bytes.count - 8)) else {
      throw malformed(
        "the table of tensors is said to have \(length) bytes, "
          + "the file has \(bytes.count) and at most \(longestTable) are accepted")
    }
    let dataStart = 8 + Int(length)
    let table: JSONValue
    do throws(JSONValue.Problem) {
      table = try JSONValue(parsing: Array(bytes[8..<dataStart]))
    } catch {
      throw malformed("the table of tensors: \(error)")
    }
    guard case .object(let members) = table else {
      throw malformed("the table of tensors is not an object")
    }
    var metadata: [String: String] = [:]
    var entries: [Entry] = []
    for member in members {
      if member.key == "__metadata__" {
        guard case .object(let notes) = member.value else {
          throw malformed("the metadata are not an object")
        }
        for note in notes {
          guard let text = note.value.string else {
            throw malformed("metadata '\(note.key)' is not a string")
          }
          metadata[note.key] = text
        }
        continue
      }
      do throws(JSONValue.Problem) {
        entries.append(try Entry(name: member.key, member.value))
      } catch {
        throw malformed("tensor '\(member.key)': \(error)")
      }
    }
    entries.sort { ($0.start, $0.end) < ($1.start, $1.end) }
    var end = 0
    for entry in entries {
      guard entry.start == end else {
        throw malformed(
          "tensor '\(entry.name)' starts at \(entry.start), the one before it ends at \(end)")
      }
      guard entry.end <= bytes.count - dataStart else {
        throw malformed(
          "tensor '\(entry.name)' ends at \(entry.end) of \(bytes.count - dataStart) bytes")
      }
      end = entry.end
    }
    guard end == bytes.count - dataStart else {
      throw malformed("\(bytes.count - dataStart - end) bytes after the last tensor")
    }
    var tensors: [String: Tensor] = [:]
    for entry in entries {
      tensors[entry.name] = bytes.withUnsafeBytes { all in
        entry.tensor(UnsafeRawBufferPointer(rebasing: all[dataStart...]))
      }
    }
    return (tensors, metadata)
  }
}

/// A line of the table.
private struct Entry {
  var name: String
  var type: NumberType
  var shape: [Int]
  var start: Int
  var end: Int

  enum NumberType: String {
    case single = "F32"
    case double = "F64"
    case half = "F16"
    case brain = "BF16"

    var size: Int {
      switch self {
      case .single: 4
      case .double: 8
      case .half, .brain: 2
      }
    }
  }

  init(name: String, _ value: JSONValue) throws(JSONValue.Problem) {
    func problem(_ what: String) -> JSONValue.Problem { .init(description: what) }
    self.name = name
    let typeName = value["dtype"]?.string ?? "none"
    guard let type = NumberType(rawValue: typeName) else {
      throw problem("numbers of type \(typeName.prefix(20)), expected F32, F64, F16 or BF16")
    }
    guard let shape = value["shape"]?.ints, shape.count <= 8,
      let count = shape.checkedElementCount, count <= 1 << 40
    else { throw problem("its shape is not up to 8 whole numbers") }
    guard let offsets = value["data_offsets"]?.ints, offsets.count == 2, offsets[0] >= 0,
      offsets[1] >= offsets[0]
    else { throw problem("its data offsets are not two places in order") }
    guard offsets[1] - offsets[0] == count * type.size else {
      throw problem(
        "shape \(shape) takes \(count * type.size) bytes, it has \(offsets[1] - offsets[0])")
    }
    self.type = type
    self.shape = shape
    (start, end) = (offsets[0], offsets[1])
  }

  func tensor(_ data: UnsafeRawBufferPointer) -> Tensor {
    func read<T: FixedWidthInteger>(_ index: Int, _: T.Type) -> T {
      T(littleEndian: data.loadUnaligned(fromByteOffset: start + index * type.size, as: T.self))
    }
    let count = shape.elementCount
    let values = (0..<count).map { index -> Float in
      switch type {
      case .single: Float(bitPattern: read(index, UInt32.self))
      case .double: Float(Double(bitPattern: read(index, UInt64.self)))
      case .half: Float(Float16(bitPattern: read(index, UInt16.self)))
      case .brain: Float(bitPattern: UInt32(read(index, UInt16.self)) << 16)
      }
    }
    return Tensor(shape: shape, values: values)
  }
}
