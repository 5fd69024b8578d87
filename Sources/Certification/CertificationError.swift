/// Why noise, a sensitivity or an estimate cannot be had.
public enum CertificationError: Error, Equatable, CustomStringConvertible {
  /// A layer in front of the noise for which there is no sensitivity rule.
  case unsupportedLayer(node: String, kind: String)
  /// A norm without a sensitivity for this noise.
  case unsupportedNorm(problem: String)
  /// Noise that cannot be placed or scaled as asked.
  case noise(problem: String)
  /// An option outside of its range.
  case parameter(name: String, problem: String)
  /// A file that is not what it must be.
  case file(path: String, problem: String)
  /// A certifier that is not in the list.
  case unknownCertifier(name: String, known: [String])
  /// What is wrong with a certifier's parameters.
  case certifier(name: String, problem: String)
  /// Text that is not `NAME:key=value,key=value`.
  case syntax(text: String, problem: String)

  public var description: String {
    switch self {
    case .unsupportedLayer(let node, let kind):
      "node '\(node)' (\(kind)) stands in front of the noise, and how far it can move is not known"
    case .unsupportedNorm(let problem), .noise(let problem): problem
    case .parameter(let name, let problem): "\(name) \(problem)"
    case .file(let path, let problem): "file '\(path)' \(problem)"
    case .unknownCertifier(let name, let known):
      "there is no certifier '\(name)'; there are \(known.joined(separator: ", "))"
    case .certifier(let name, let problem): "certifier '\(name)': \(problem)"
    case .syntax(let text, let problem):
      "certifier '\(text)': \(problem), expected NAME or NAME:key=value,key=value"
    }
  }
}
