internal import Crypto

/// The SHA-256 digest of a file as it is stored, 64 lower-case hexadecimal digits.
///
/// The file is read piece by piece, so its size does not matter.
/// - Throws: ``FileError/unreadable(path:problem:)``.
public func sha256(ofFile path: String) throws(FileError) -> String {
  try withDescriptor(reading: path) { (descriptor) throws(FileError) in
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try buffer.withUnsafeMutableBufferPointer { (target) throws(FileError) in
        let count = try readFully(descriptor, into: target, path: path)
        hash.update(
          bufferPointer: UnsafeRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: target[..<count])))
        return count
      }
      if count < buffer.count { break }
    }
    return hexadecimal(hash.finalize())
  }
}

/// The SHA-256 digest of `bytes`, 64 lower-case hexadecimal digits.
public func sha256(of bytes: [UInt8]) -> String {
  bytes.withUnsafeBytes { buffer in
    var hash = SHA256()
    hash.update(bufferPointer: buffer)
    return hexadecimal(hash.finalize())
  }
}

private func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
