/// Why a model or checkpoint file cannot be used.
public enum NetworkFileError: Error, Equatable, CustomStringConvertible {
  /// Its contents are not what they should be.
  case malformed(path: String, problem: String)
  /// It is in order, but belongs to something else.
  case mismatch(path: String, problem: String)

  public var description: String {
    switch self {
    case .malformed(let path, let problem), .mismatch(let path, let problem):
      "file '\(path)': \(problem)"
    }
  }
}
