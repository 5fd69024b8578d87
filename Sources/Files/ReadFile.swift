/// The most bytes ``readFile(_:limit:)`` accepts unless told otherwise.
public let defaultFileLimit = 4 << 30

/// The bytes of a file; one that is compressed with gzip is decompressed.
///
/// Gzip is recognised by its magic bytes, not by the name; several members are joined.
/// - Parameters:
///   - path: The file. Folders are refused.
///   - limit: The most bytes to accept, both stored and decompressed. It is what bounds the
///     memory a hostile file can claim.
/// - Throws: ``FileError`` when the file cannot be read, is larger than `limit`, or its
///   compressed data are cut off or fail their checksum.
public func readFile(
  _ path: String, limit: Int = defaultFileLimit
) throws(FileError) -> [UInt8] {
  let bytes = try readStoredBytes(path, limit: limit)
  guard Zlib.isGzip(bytes) else { return bytes }
  return try Zlib.decompressGzip(bytes, limit: limit, path: path)
}

/// The bytes of a file as they are stored, compressed or not.
///
/// - Throws: ``FileError`` when the file cannot be read or is larger than `limit` bytes.
public func readStoredBytes(
  _ path: String, limit: Int = defaultFileLimit
) throws(FileError) -> [UInt8] {
  try withDescriptor(reading: path) { (descriptor) throws(FileError) in
    let stated = size(of: descriptor)
    guard stated <= limit else { throw .tooLarge(path: path, limit: limit) }
    // What has no size, or grows while it is read, is read in growing steps.
    var bytes = [UInt8](repeating: 0, count: stated + 1)
    var filled = 0
    while true {
      let count = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
        try readFully(descriptor, into: .init(rebasing: buffer[filled...]), path: path)
      }
      filled += count
      guard filled <= limit else { throw .tooLarge(path: path, limit: limit) }
      if filled < bytes.count { break }
      bytes.append(contentsOf: repeatElement(0, count: max(1 << 16, bytes.count)))
    }
    bytes.removeLast(bytes.count - filled)
    return bytes
  }
}
