public import Files

/// Why an image could not be decoded, encoded, read or written.
public enum PNGError: Error, Equatable {
  /// The file itself could not be read or written.
  case file(FileError)
  /// The data are no PNG, damaged, or larger than what is accepted.
  case malformed(path: String, problem: String)
  /// Images have 1 or 3 channels, so this shape is none.
  case unsupportedShape([Int])
  /// A text chunk's key is not 1 to 79 printable ASCII characters, or its value holds a zero byte.
  case invalidText(key: String)
  /// The image cannot be encoded.
  case notEncoded(problem: String)
}

extension PNGError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let path, let problem): "file '\(path)' is no usable PNG image: \(problem)"
    case .unsupportedShape(let shape):
      "an image has the shape [1 or 3, height, width] with positive sides, not \(shape)"
    case .invalidText(let key): "text chunk '\(key)' does not fit into a PNG image"
    case .notEncoded(let problem): "an image cannot be encoded as PNG: \(problem)"
    }
  }
}
