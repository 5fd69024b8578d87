internal import Foundation

/// Appends lines to a file, such as the records of a JSON Lines file, and never leaves part of one.
///
/// Lines gather in memory and reach the file whole, by ``flush()`` or when enough have gathered. If
/// the system takes only part of them (a full disk), the file is cut back to the last whole line.
public final class LineWriter {
  /// The file.
  public let path: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var length = 0
  private let capacity = 1 << 16

  /// Opens the file.
  ///
  /// - Parameter continuing: Keeps the lines the file already has, except for a last one without
  ///   its line feed; otherwise the file starts empty.
  /// - Throws: ``FileError/unwritable(path:problem:)``.
  public init(_ path: String, continuing: Bool = false) throws(FileError) {
    self.path = path
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | (continuing ? 0 : O_TRUNC)
    var descriptor = open(path, flags, 0o666)
    if descriptor < 0, errno == EACCES || errno == EINVAL {
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
    }
    guard descriptor >= 0 else { throw .unwritable(path: path, problem: systemMessage()) }
    self.descriptor = descriptor
    if continuing { try continueAfterLastLine() }
  }

  deinit {
    try? flush()
    if descriptor >= 0 { _ = Foundation.close(descriptor) }
  }

  /// Adds a line; the line feed is added here, and `line` must not hold one.
  public func append(_ line: String) throws(FileError) {
    precondition(!line.utf8.contains(10), "a line holds no line feed")
    buffer.append(contentsOf: line.utf8)
    buffer.append(10)
    if buffer.count >= capacity { try flush() }
  }

  /// Hands all lines so far to the system.
  ///
  /// - Throws: ``FileError/unwritable(path:problem:)``; the lines are then lost and the file ends
  ///   with the last line of the call before.
  public func flush() throws(FileError) {
    guard !buffer.isEmpty else { return }
    guard descriptor >= 0 else { throw .unwritable(path: path, problem: "it is closed") }
    defer { buffer.removeAll(keepingCapacity: true) }
    do throws(FileError) {
      try buffer.withUnsafeBufferPointer { (bytes) throws(FileError) in
        try writeFully(descriptor, bytes, path: path)
      }
      length += buffer.count
    } catch {
      _ = ftruncate(descriptor, off_t(length))
      _ = lseek(descriptor, off_t(length), SEEK_SET)
      throw error
    }
  }

  /// Writes what is left, onto the disk, and closes the file; lines may not follow.
  ///
  /// - Throws: ``FileError/unwritable(path:problem:)``.
  public func close() throws(FileError) {
    guard descriptor >= 0 else { return }
    defer { descriptor = -1 }
    do throws(FileError) {
      try flush()
    } catch {
      _ = Foundation.close(descriptor)
      throw error
    }
    // A pipe or a terminal cannot be synchronised, which is no failure.
    let synchronised = fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS
    let problem = systemMessage()
    guard Foundation.close(descriptor) == 0, synchronised else {
      throw .unwritable(path: path, problem: problem)
    }
  }

  private func continueAfterLastLine() throws(FileError) {
    var end = Int(lseek(descriptor, 0, SEEK_END))
    guard end > 0 else { return }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    search: while end > 0 {
      let start = max(0, end - chunk.count)
      _ = lseek(descriptor, off_t(start), SEEK_SET)
      let count = try chunk.withUnsafeMutableBufferPointer { (target) throws(FileError) in
        try readFully(descriptor, into: .init(rebasing: target[..<(end - start)]), path: path)
      }
      if let feed = chunk[..<count].lastIndex(of: 10) {
        end = start + feed + 1
        break search
      }
      end = start
    }
    length = end
    guard ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, off_t(end), SEEK_SET) == end
    else { throw .unwritable(path: path, problem: systemMessage()) }
  }
}
