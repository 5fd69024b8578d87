internal import Files

extension NumpyArray {
  /// The array as a `.npy` file: format version 1, little-endian, C order.
  public var npy: [UInt8] {
    let type =
      switch values {
      case .uint8: "|u1"
      case .int32: "<i4"
      case .int64: "<i8"
      case .float32: "<f4"
      case .float64: "<f8"
      }
    let list = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(list)), }"
    // The format aligns the data to 64 bytes and ends the header with a line feed.
    header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    bytes += littleEndian(header.utf8.count, size: 2) + Array(header.utf8)
    switch values {
    case .uint8(let values): bytes += values
    case .int32(let values): append(values.map(\.littleEndian), to: &bytes)
    case .int64(let values): append(values.map(\.littleEndian), to: &bytes)
    case .float32(let values): append(values.map(\.bitPattern.littleEndian), to: &bytes)
    case .float64(let values): append(values.map(\.bitPattern.littleEndian), to: &bytes)
    }
    return bytes
  }

  private func append<T: BitwiseCopyable>(_ words: [T], to bytes: inout [UInt8]) {
    words.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }
}

/// The low `size` bytes of a number, lowest first.
func littleEndian(_ number: Int, size: Int) -> [UInt8] {
  (0..<size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

/// Writes arrays into one `.npz` file, which `numpy.load` opens; whole or not at all.
///
/// Equal arrays give equal bytes: members are stored uncompressed, in the order given, dated
/// 1 January 1980.
/// - Parameters:
///   - arrays: Each with its name, which must differ from the others.
///   - path: The file.
/// - Throws: ``DatasetError/notWritable(path:problem:)`` beyond the 4 GiB that plain zip archives
///   hold; ``DatasetError/file(_:)``.
public func writeNPZ(
  _ arrays: [(name: String, array: NumpyArray)], to path: String
) throws(DatasetError) {
  precondition(Set(arrays.map(\.name)).count == arrays.count, "two arrays have one name")
  let archive = try ZipArchive.encode(
    arrays.map { ($0.name + ".npy", $0.array.npy) }, path: path)
  try readingFiles { () throws(FileError) in try writeAtomically(archive, to: path) }
}
