internal import Foundation

/// Writes a file in one step: it appears whole under its name or not at all.
///
/// The bytes go to a hidden file in the same folder, are flushed to the disk, and the file is then
/// renamed; on any failure it is removed and what was under `path` before stays as it was. A
/// symbolic link is followed. A device or pipe (`/dev/stdout`) is written directly.
/// - Throws: ``FileError/unwritable(path:problem:)`` with the system's reason.
public func writeAtomically(_ bytes: [UInt8], to path: String) throws(FileError) {
  guard !path.isEmpty, !path.utf8.contains(0) else {
    throw .unwritable(path: path, problem: "this is no file name")
  }
  var status = stat()
  var target = path
  if stat(path, &status) == 0 {
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw .unwritable(path: path, problem: systemMessage(EISDIR))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      return try writeDirectly(bytes, to: path)
    }
    guard access(path, W_OK) == 0 else {
      throw .unwritable(path: path, problem: systemMessage())
    }
    target = realPath(path) ?? path
  }
  let slash = target.lastIndex(of: "/")
  let folder = slash.map { target[...$0] } ?? ""
  let name = slash.map { target[target.index(after: $0)...] } ?? target[...]
  guard !name.isEmpty else { throw .unwritable(path: path, problem: systemMessage(EISDIR)) }
  let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
  let temporary = "\(folder)\(temporaryPrefix(name))\(suffix)\(temporaryEnding)"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw .unwritable(path: path, problem: systemMessage()) }
  do throws(FileError) {
    do throws(FileError) {
      try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
        try writeFully(descriptor, buffer, path: path)
      }
      guard fsync(descriptor) == 0 else {
        throw .unwritable(path: path, problem: systemMessage())
      }
    } catch {
      _ = close(descriptor)
      throw error
    }
    // Some network file systems report a full disk only here.
    guard close(descriptor) == 0, rename(temporary, target) == 0 else {
      throw .unwritable(path: path, problem: systemMessage())
    }
  } catch {
    _ = unlink(temporary)
    throw error
  }
}

/// Writes UTF-8 text as ``writeAtomically(_:to:)-([UInt8],_)`` does bytes.
public func writeAtomically(_ text: String, to path: String) throws(FileError) {
  try writeAtomically(Array(text.utf8), to: path)
}

/// Removes what writers of this file left beside it when they were killed: bytes that never got its
/// name. Nobody else may be writing it at the time. What cannot be removed stays, as does what was
/// left of a name of more than 40 characters, which the hidden file shortens: it may be another's.
public func removeUnfinished(_ path: String) {
  let target = realPath(path) ?? path
  let slash = target.lastIndex(of: "/")
  let folder = slash.map { String(target[...$0]) } ?? "./"
  let name = slash.map { target[target.index(after: $0)...] } ?? target[...]
  guard name.count <= temporaryNameLength else { return }
  let prefix = temporaryPrefix(name)
  for entry in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  where entry.hasPrefix(prefix) && entry.hasSuffix(temporaryEnding)
    && entry.dropFirst(prefix.count).dropLast(temporaryEnding.count).allSatisfy({
      $0.isLowercase || $0.isNumber
    })
  { _ = unlink(folder + entry) }
}

/// The name is cut so that the temporary one never exceeds what a file system allows.
private func temporaryPrefix(_ name: Substring) -> String {
  ".\(name.prefix(temporaryNameLength))."
}
private let temporaryNameLength = 40
private let temporaryEnding = ".partial"

/// Creates a folder and those above it; one that exists already is fine.
///
/// - Throws: ``FileError/unwritable(path:problem:)`` with the system's reason.
public func createFolder(_ path: String) throws(FileError) {
  var built = path.hasPrefix("/") ? "/" : ""
  for part in path.split(separator: "/") {
    built += part
    if mkdir(built, 0o777) != 0 {
      let code = errno
      var status = stat()
      guard stat(built, &status) == 0 else {
        throw .unwritable(path: built, problem: systemMessage(code))
      }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw .unwritable(path: built, problem: "a file of this name is in the way")
      }
    }
    built += "/"
  }
}

private func writeDirectly(_ bytes: [UInt8], to path: String) throws(FileError) {
  let descriptor = open(path, O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .unwritable(path: path, problem: systemMessage()) }
  defer { _ = close(descriptor) }
  try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
    try writeFully(descriptor, buffer, path: path)
  }
}
