internal import Foundation

/// The system's words for the last error.
func systemMessage(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

/// Calls `body` with an open descriptor of `path`, and closes it.
func withDescriptor<R>(
  reading path: String, _ body: (Int32) throws(FileError) -> R
) throws(FileError) -> R {
  guard !path.utf8.contains(0) else {
    throw .unreadable(path: path, problem: "the name holds a zero byte")
  }
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .unreadable(path: path, problem: systemMessage()) }
  defer { _ = close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else {
    throw .unreadable(path: path, problem: systemMessage())
  }
  guard status.st_mode & S_IFMT != S_IFDIR else {
    throw .unreadable(path: path, problem: systemMessage(EISDIR))
  }
  return try body(descriptor)
}

/// The size of an open file as the file system states it; 0 for what has no size, like a pipe.
func size(of descriptor: Int32) -> Int {
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return 0 }
  return Int(status.st_size)
}

/// Reads up to `buffer.count` bytes; fewer only at the end of the file.
func readFully(
  _ descriptor: Int32, into buffer: UnsafeMutableBufferPointer<UInt8>, path: String
) throws(FileError) -> Int {
  guard let base = buffer.baseAddress else { return 0 }
  var filled = 0
  while filled < buffer.count {
    let count = read(descriptor, base + filled, min(buffer.count - filled, 1 << 30))
    if count == 0 { break }
    if count < 0 {
      if errno == EINTR { continue }
      throw .unreadable(path: path, problem: systemMessage())
    }
    filled += count
  }
  return filled
}

/// Writes all of `buffer`, or says why not.
func writeFully(
  _ descriptor: Int32, _ buffer: UnsafeBufferPointer<UInt8>, path: String
) throws(FileError) {
  guard let base = buffer.baseAddress else { return }
  var written = 0
  while written < buffer.count {
    let count = write(descriptor, base + written, min(buffer.count - written, 1 << 30))
    if count < 0 {
      if errno == EINTR { continue }
      throw .unwritable(path: path, problem: systemMessage())
    }
    written += count
  }
}
