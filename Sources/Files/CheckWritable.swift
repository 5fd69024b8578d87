internal import Foundation

/// Makes sure that a file could be written under `path`, without touching what is there: a file
/// without a lasting name is made beside it.
///
/// It is a check before long work, no promise: the disk may still fill up.
/// - Throws: ``FileError/unwritable(path:problem:)`` with the system's reason.
public func checkWritable(_ path: String) throws(FileError) {
  guard !path.isEmpty, !path.utf8.contains(0) else {
    throw .unwritable(path: path, problem: "this is no file name")
  }
  var status = stat()
  if stat(path, &status) == 0 {
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw .unwritable(path: path, problem: systemMessage(EISDIR))
    }
    guard access(path, W_OK) == 0 else {
      throw .unwritable(path: path, problem: systemMessage())
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return }
  }
  // A file is replaced by renaming, which needs its folder to be writable.
  let slash = path.lastIndex(of: "/")
  let folder = slash.map { String(path[...$0]) } ?? "."
  guard path.last != "/" else { throw .unwritable(path: path, problem: systemMessage(EISDIR)) }
  var template = Array("\(folder)/.gauntlet-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  guard descriptor >= 0 else { throw .unwritable(path: path, problem: systemMessage()) }
  _ = close(descriptor)
  unlink(template)
}
