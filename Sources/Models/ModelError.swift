public import Files
public import NeuralNetworks
public import ONNX

/// Why a model cannot be loaded.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  case file(FileError)
  case onnx(ONNXError)
  case native(NetworkFileError)
  /// The model does not fit the data or the options, or is no classifier.
  case model(path: String, problem: String)
  /// The options' file beside the model is not what it must be.
  case options(path: String, problem: String)

  public var description: String {
    switch self {
    case .file(let error): error.description
    case .onnx(let error): error.description
    case .native(let error): error.description
    case .model(let path, let problem): "model '\(path)': \(problem)"
    case .options(let path, let problem): "model options '\(path)': \(problem)"
    }
  }
}
