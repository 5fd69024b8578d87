/// A noise layer in its network.
public struct PlacedNoise: Sendable {
  /// The layer's name.
  public var node: String
  /// The number of the value the noise is added to, and of the value with the noise.
  public var value: Int, result: Int
  public var noise: Noise
}

extension Network {
  /// The noise layers that the output depends on, from the input on.
  public var noises: [PlacedNoise] {
    let names = Set(withoutDeadNodes().nodes.map(\.name))
    return nodes.enumerated().compactMap { index, node in
      guard let noise = node.layer as? Noise, names.contains(node.name) else { return nil }
      return PlacedNoise(
        node: node.name, value: node.inputs[0], result: index + 1, noise: noise)
    }
  }

  /// The network with noise added to a value, wherever that is read; streams are numbered from the
  /// input on.
  ///
  /// - Throws: ``NetworkError`` where the noise does not fit the value, or there would be too many
  ///   noise layers.
  public func adding(_ noise: Noise, to value: Int) throws(NetworkError) -> Network {
    precondition(value >= 0 && value < shapes.count, "value \(value) of \(shapes.count)")
    var names = Set(nodes.map(\.name))
    var name = "noise"
    while !names.insert(name).inserted { name += "'" }
    var result = Network(inputShape: inputShape)
    var numbers = [0: 0]
    func addNoise() throws(NetworkError) {
      guard let source = numbers[value] else { return }
      numbers[value] = try result.append(noise, named: name, reading: [source])
    }
    if value == 0 { try addNoise() }
    for (index, node) in nodes.enumerated() {
      let inputs = node.inputs.compactMap { numbers[$0] }
      numbers[index + 1] = try result.append(node.layer, named: node.name, reading: inputs)
      if index + 1 == value { try addNoise() }
    }
    result.setOutput(numbers[output] ?? 0)
    try result.renumberNoise()
    return result
  }

  /// Gives each noise layer a stream of its own.
  private mutating func renumberNoise() throws(NetworkError) {
    var next = 0
    var result = Network(inputShape: inputShape)
    for node in nodes {
      var layer = node.layer
      if var noise = layer as? Noise {
        noise.stream = next
        next += 1
        layer = noise
      }
      try result.append(layer, named: node.name, reading: node.inputs)
    }
    result.setOutput(output)
    self = result
  }
}
