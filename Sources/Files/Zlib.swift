internal import CZlib

/// Compressed data: gzip files and the raw deflate streams inside zip archives.
public enum Zlib {
  /// True for data that begin like a gzip file.
  public static func isGzip(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8
  }

  /// The contents of gzip data, whose members are joined.
  ///
  /// Zero bytes after the last member are padding, as tape drives write it; anything else is not.
  /// - Parameters:
  ///   - limit: The most bytes to produce.
  ///   - path: The file the data came from, for the error.
  /// - Throws: ``FileError/corrupt(path:problem:)`` or ``FileError/tooLarge(path:limit:)``.
  public static func decompressGzip(
    _ bytes: [UInt8], limit: Int, path: String
  ) throws(FileError) -> [UInt8] {
    // The last four bytes state the size of the last member: a hint, never trusted.
    let stated = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    return try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      try decompress(buffer, windowBits: 15 + 16, expected: stated, limit: limit, path: path)
    }
  }

  /// The contents of a raw deflate stream, which must be exactly `count` bytes.
  ///
  /// - Throws: ``FileError/corrupt(path:problem:)`` when it is damaged or of another size;
  ///   no more than `count` bytes are ever produced.
  public static func decompressRaw(
    _ bytes: ArraySlice<UInt8>, count: Int, path: String
  ) throws(FileError) -> [UInt8] {
    let contents = try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      do throws(FileError) {
        return try decompress(
          buffer, windowBits: -15, expected: count, limit: count, path: path)
      } catch .tooLarge {
        throw .corrupt(
          path: path, problem: "it decompresses to more than the \(count) bytes stated")
      }
    }
    guard contents.count == count else {
      throw .corrupt(
        path: path, problem: "it decompresses to \(contents.count) bytes, not the \(count) stated")
    }
    return contents
  }

  /// `bytes` as a gzip file without name or time, so equal contents give equal files.
  public static func compressGzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    let status = deflateInit2_(
      &stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot start: status \(status)")
    defer { deflateEnd(&stream) }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    bytes.withUnsafeBufferPointer { input in
      var consumed = 0
      var result = Z_OK
      while result != Z_STREAM_END {
        // zlib counts in 32 bits, so a large input is fed in pieces.
        let piece = min(input.count - consumed, 1 << 30)
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + consumed })
        stream.avail_in = UInt32(piece)
        let produced = chunk.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          result = deflate(&stream, consumed + piece == input.count ? Z_FINISH : Z_NO_FLUSH)
          return target.count - Int(stream.avail_out)
        }
        precondition(
          result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR,
          "zlib failed to compress: status \(result)")
        consumed += piece - Int(stream.avail_in)
        output.append(contentsOf: chunk[..<produced])
      }
    }
    return output
  }

  /// The checksum of gzip and zip.
  public static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
    func sum(_ buffer: UnsafeBufferPointer<UInt8>) -> UInt32 {
      UInt32(truncatingIfNeeded: crc32_z(0, buffer.baseAddress, buffer.count))
    }
    return bytes.withContiguousStorageIfAvailable(sum)
      ?? Array(bytes).withUnsafeBufferPointer(sum)
  }

  /// Inflates all members of `input`; a raw stream (`windowBits` < 0) has one.
  private static func decompress(
    _ input: UnsafeBufferPointer<UInt8>, windowBits: Int32, expected: Int, limit: Int, path: String
  ) throws(FileError) -> [UInt8] {
    var stream = z_stream()
    let status = inflateInit2_(
      &stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot start: status \(status)")
    defer { inflateEnd(&stream) }
    // Deflate never shrinks data to less than 1/1032, so a stated size beyond that is a lie.
    let (most, overflow) = input.count.multipliedReportingOverflow(by: 1032)
    let hint = max(min(expected, limit, overflow ? limit : most), 0)
    var output = [UInt8](repeating: 0, count: hint + 1)
    var filled = 0
    var consumed = 0
    while true {
      let piece = min(input.count - consumed, 1 << 30)
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + consumed })
      stream.avail_in = UInt32(piece)
      var result = Z_OK
      output.withUnsafeMutableBufferPointer { target in
        let room = min(target.count - filled, 1 << 30)
        stream.next_out = target.baseAddress.map { $0 + filled }
        stream.avail_out = UInt32(room)
        result = inflate(&stream, Z_NO_FLUSH)
        filled += room - Int(stream.avail_out)
      }
      consumed += piece - Int(stream.avail_in)
      guard filled <= limit else { throw .tooLarge(path: path, limit: limit) }
      switch result {
      case Z_STREAM_END:
        let rest = input[consumed...]
        if windowBits < 0 || rest.allSatisfy({ $0 == 0 }) {
          output.removeLast(output.count - filled)
          return output
        }
        guard rest.starts(with: [0x1f, 0x8b]) else {
          throw .corrupt(path: path, problem: "after the compressed data come \(rest.count) bytes")
        }
        inflateReset(&stream)
      case Z_OK, Z_BUF_ERROR:
        if filled == output.count {
          output.append(contentsOf: repeatElement(0, count: max(1 << 16, output.count)))
        } else if consumed == input.count {
          throw .corrupt(path: path, problem: "the compressed data end after \(consumed) bytes")
        }
      case Z_MEM_ERROR:
        throw .unreadable(path: path, problem: "not enough memory to decompress it")
      default:
        let reason = stream.msg.map { String(cString: $0) } ?? "status \(result)"
        throw .corrupt(path: path, problem: "\(reason) at byte \(consumed) of the compressed data")
      }
    }
  }
}
