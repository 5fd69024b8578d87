/// Why a file could not be read or written, in one sentence that names it.
public enum FileError: Error, Equatable {
  /// The file does not exist, is a folder, or the system refused to read it.
  case unreadable(path: String, problem: String)
  /// The file cannot be created, or writing failed half-way; nothing is left under its name.
  case unwritable(path: String, problem: String)
  /// The file, or what it decompresses to, is larger than `limit` bytes.
  case tooLarge(path: String, limit: Int)
  /// The compressed data are damaged or end too early.
  case corrupt(path: String, problem: String)
  /// A name written in a file points out of the folder it must stay in.
  case escapes(path: String, folder: String)

  /// The file meant; for ``escapes(path:folder:)`` the name as it was written.
  public var path: String {
    switch self {
    case .unreadable(let path, _), .unwritable(let path, _), .tooLarge(let path, _),
      .corrupt(let path, _), .escapes(let path, _):
      path
    }
  }

  /// What is wrong with it, without its name.
  public var problem: String {
    switch self {
    case .unreadable(_, let problem): "cannot be read: \(problem)"
    case .unwritable(_, let problem): "cannot be written: \(problem)"
    case .tooLarge(_, let limit): "holds more than \(limit) bytes, the most that is accepted"
    case .corrupt(_, let problem): "is damaged: \(problem)"
    case .escapes(_, let folder): "lies outside of the folder '\(folder)'"
    }
  }
}

extension FileError: CustomStringConvertible {
  public var description: String { "file '\(path)' \(problem)" }
}
