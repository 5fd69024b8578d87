public import Tensors

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
    var result = try inserting(noise, named: "noise", after: value)
    try result.renumberNoise()
    return result
  }

  /// The network with a layer behind a value, wherever that is read. The layer's name gets primes
  /// where another has it.
  ///
  /// - Parameter constant: where given, the layer reads it as its second value.
  /// - Throws: ``NetworkError`` where the layer does not fit.
  public func inserting(
    _ layer: any Layer, named stem: String, after value: Int, reading constant: Tensor? = nil
  ) throws(NetworkError) -> Network {
    precondition(value >= 0 && value < shapes.count, "value \(value) of \(shapes.count)")
    var names = Set(nodes.map(\.name))
    func unused(_ stem: String) -> String {
      var name = stem
      while !names.insert(name).inserted { name += "'" }
      return name
    }
    var result = Network(inputShape: inputShape)
    var numbers = [0: 0]
    func insert() throws(NetworkError) {
      var inputs = [numbers[value] ?? 0]
      if let constant {
        inputs.append(
          try result.append(Constant(constant), named: unused(stem + ".value"), reading: []))
      }
      numbers[value] = try result.append(layer, named: unused(stem), reading: inputs)
    }
    if value == 0 { try insert() }
    for (index, node) in nodes.enumerated() {
      let inputs = node.inputs.compactMap { numbers[$0] }
      numbers[index + 1] = try result.append(node.layer, named: node.name, reading: inputs)
      if index + 1 == value { try insert() }
    }
    result.setOutput(numbers[output] ?? 0)
    return result
  }

  /// Puts another noise in the place of the one of a node; the stream stays.
  public mutating func setNoise(_ noise: Noise, ofNode name: String) {
    setLayer(ofNode: name) { old in
      guard let old = old as? Noise else { preconditionFailure("node '\(name)' is no noise") }
      var noise = noise
      noise.stream = old.stream
      return noise
    }
  }

  /// Without the noise layers.
  public func withoutNoise() throws(NetworkError) -> Network {
    var result = Network(inputShape: inputShape)
    var numbers = [0: 0]
    for (index, node) in nodes.enumerated() {
      let inputs = node.inputs.compactMap { numbers[$0] }
      numbers[index + 1] =
        node.layer is Noise
        ? inputs[0] : try result.append(node.layer, named: node.name, reading: inputs)
    }
    result.setOutput(numbers[output] ?? 0)
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
