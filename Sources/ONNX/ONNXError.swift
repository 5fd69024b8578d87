public import Files

/// Why a model could not be read or imported.
public enum ONNXError: Error, Equatable, CustomStringConvertible {
  /// The model's file, or one that it names, cannot be read.
  case file(FileError)
  /// The file's content is not a model that can be imported.
  case model(path: String, ONNXProblem)

  public var description: String {
    switch self {
    case .file(let error): error.description
    case .model(let path, let problem): "model '\(path)': \(problem)"
    }
  }
}

/// What is wrong inside a model.
public enum ONNXProblem: Error, Equatable, CustomStringConvertible {
  /// The model as a whole.
  case graph(String)
  /// A file with weights.
  case weights(FileError)
  /// A tensor stored in the model.
  case tensor(name: String, String)
  /// A node whose operator is known.
  case node(name: String, operation: String, String)
  /// A node whose operator is not.
  case unsupported(name: String, operation: String)

  public var description: String {
    switch self {
    case .graph(let text): text
    case .weights(let error): "external weights: \(error)"
    case .tensor(let name, let text): "tensor '\(name)' \(text)"
    case .node(let name, let operation, let text): "node '\(name)' (\(operation)): \(text)"
    case .unsupported(let name, let operation):
      "node '\(name)': operator \(operation) is not supported"
    }
  }
}
