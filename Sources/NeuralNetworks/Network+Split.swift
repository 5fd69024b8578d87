extension Network {
  /// The network cut at a value through which everything passes: `suffix` of `prefix` is the
  /// network. The suffix's input is the value's shape. Nodes keep their names.
  ///
  /// - Throws: ``NetworkError`` where some path from the input to the output goes around the value,
  ///   or the output does not depend on it.
  public func split(
    at value: Int
  ) throws(NetworkError) -> (prefix: Network, suffix: Network) {
    precondition(value >= 0 && value < shapes.count, "value \(value) of \(shapes.count)")
    var behind = [Bool](repeating: false, count: shapes.count)
    behind[output] = true
    for index in nodes.indices.reversed() where behind[index + 1] && index + 1 != value {
      for input in nodes[index].inputs { behind[input] = true }
    }
    let name = value == 0 ? "the input" : "node '\(nodes[value - 1].name)'"
    guard behind[value] else {
      throw .layer(
        name: value == 0 ? "input" : nodes[value - 1].name,
        problem: "the output does not depend on it")
    }
    guard value == 0 || !behind[0] else {
      throw .layer(
        name: nodes[value - 1].name,
        problem: "the output also depends on the input by a way around it")
    }
    var prefix = self
    prefix.setOutput(value)
    prefix = prefix.withoutDeadNodes()

    var suffix = Network(inputShape: shapes[value])
    var numbers = [value: 0]
    for (index, node) in nodes.enumerated() where behind[index + 1] && index + 1 != value {
      let inputs = node.inputs.compactMap { numbers[$0] }
      guard inputs.count == node.inputs.count else {
        throw .layer(name: node.name, problem: "reads a value in front of \(name)")
      }
      numbers[index + 1] = try suffix.append(node.layer, named: node.name, reading: inputs)
    }
    suffix.setOutput(numbers[output] ?? 0)
    return (prefix, suffix)
  }

  /// The number of the value that the node of this name yields; nil where there is none.
  public func value(ofNode name: String) -> Int? {
    nodes.firstIndex { $0.name == name }.map { $0 + 1 }
  }
}
