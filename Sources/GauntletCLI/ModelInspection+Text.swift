import Gauntlet

extension ModelInspection {
  /// A page of plain text.
  var text: String {
    var lines = ["model       \(path)", "sha256      \(sha256)"]
    let origin = [producer.map { "by \($0)" }, opset.map { "operator set \($0)" }]
    lines.append(
      "format      \(([format.rawValue] + origin.compactMap { $0 }).joined(separator: ", "))")
    for input in inputs { lines.append("input       \(Self.text(input))") }
    for output in outputs { lines.append("output      \(Self.text(output))") }
    if !operators.isEmpty {
      let counts = operators.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      lines.append("operators   \(counts.joined(separator: ", "))")
    }
    for (name, nodes) in unsupported.sorted(by: { $0.key < $1.key }) {
      let places = nodes.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
      lines.append(
        "unsupported \(name) at \(places)\(nodes.count > 3 ? " and \(nodes.count - 3) more" : "")")
    }
    if let last = layers.last { lines.append("classes     \(last.shape.elementCount)") }
    lines.append("parameters  \(grouped(parameters))")
    lines += notes.map { "note        \($0)" }
    if let problem { lines.append("problem     \(problem)") }
    if !layers.isEmpty {
      let width = layers.map(\.name.count).max() ?? 0
      let kindWidth = layers.map(\.kind.count).max() ?? 0
      lines += ["", "layers, with the shape of their output for one example"]
      lines += layers.map { layer in
        let name = layer.name + String(repeating: " ", count: width - layer.name.count)
        let kind = layer.kind + String(repeating: " ", count: kindWidth - layer.kind.count)
        return "  \(name)  \(kind)  \(layer.shape)"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func text(_ tensor: TensorDescription) -> String {
    guard let shape = tensor.shape else { return "'\(tensor.name)' of unstated shape" }
    let extents = shape.map { $0.map { "\($0)" } ?? "?" }.joined(separator: ", ")
    return "'\(tensor.name)' [\(extents)]"
  }
}
