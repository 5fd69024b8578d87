internal import Foundation

/// The absolute path of an existing file that a name in another file speaks of, such as the
/// external weights of a model, provided it lies inside `folder`.
///
/// Refused: an empty or absolute name, one with a `..` component, and a symbolic link that leads
/// outside.
/// - Throws: ``FileError/escapes(path:folder:)``, or ``FileError/unreadable(path:problem:)`` when
///   there is no such file.
public func resolve(_ name: String, inside folder: String) throws(FileError) -> String {
  let parts = name.split(separator: "/", omittingEmptySubsequences: false)
  guard !name.isEmpty, !name.hasPrefix("/"), !parts.contains(".."), !name.utf8.contains(0) else {
    throw .escapes(path: name, folder: folder)
  }
  guard let root = realPath(folder.isEmpty ? "." : folder) else {
    throw .unreadable(path: folder, problem: systemMessage())
  }
  guard let path = realPath("\(root)/\(name)") else {
    throw .unreadable(path: "\(folder)/\(name)", problem: systemMessage())
  }
  guard root == "/" || path.hasPrefix(root + "/") else {
    throw .escapes(path: name, folder: folder)
  }
  return path
}

/// The path without links and dots, or nil where nothing is there (`errno` says why).
func realPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}
