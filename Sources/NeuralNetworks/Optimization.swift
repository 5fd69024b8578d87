extension Network {
  /// A network that computes the same function with less work, for inference: what the output does
  /// not depend on, dropout and identities are removed, and each layer is offered the chance to
  /// take the layers behind it into itself (``FusibleLayer``).
  /// - Parameter keepsNoise: false removes ``Noise`` too.
  public func optimized(keepsNoise: Bool = false) -> Network {
    var network = withoutDeadNodes().removing {
      $0 is Dropout || !keepsNoise && $0 is Noise
    }
    while let fused = network.fusingOnce(where: { _ in true }) { network = fused }
    return network
  }

  /// A network with the same parameters in the same order that computes the same function with less
  /// work in training too: rectifiers and maxima are taken into the layers before them, or a
  /// rectifier into the maximum behind it.
  func optimizedForTraining() -> Network {
    var network = self
    while let fused = network.fusingOnce(where: { $0 is Activation || $0 is MaxPool }) {
      network = fused
    }
    return network
  }

  /// The same network with the layers for which `isIdentity` answers true left out.
  private func removing(_ isIdentity: (any Layer) -> Bool) -> Network {
    rebuilt(output: output) { index, inputs, result in
      if isIdentity(nodes[index].layer) { return inputs[0] }
      return result.add(nodes[index].layer, nodes[index].name, inputs)
    }
  }

  /// Only the nodes that the output depends on.
  func withoutDeadNodes() -> Network {
    var alive = [Bool](repeating: false, count: nodes.count + 1)
    alive[output] = true
    for index in nodes.indices.reversed() where alive[index + 1] {
      for input in nodes[index].inputs { alive[input] = true }
    }
    return rebuilt(output: output) { index, inputs, result in
      guard alive[index + 1] else { return nil }
      return result.add(nodes[index].layer, nodes[index].name, inputs)
    }
  }

  /// The network after the first possible fusion with a layer for which `isAllowed` answers true,
  /// or nil where none is left.
  private func fusingOnce(where isAllowed: (any Layer) -> Bool) -> Network? {
    var readers = [Int](repeating: 0, count: nodes.count + 1)
    readers[output] += 1
    for node in nodes { for input in node.inputs { readers[input] += 1 } }
    for (index, node) in nodes.enumerated() where node.inputs.count == 1 {
      let value = node.inputs[0]
      guard value > 0, readers[value] == 1, isAllowed(node.layer),
        let first = nodes[value - 1].layer as? any FusibleLayer,
        let fused = first.fused(with: node.layer, shape: shapes[value])
      else { continue }
      return rebuilt(output: output) { position, inputs, result in
        if position == index { return inputs[0] }
        guard position == value - 1 else {
          return result.add(nodes[position].layer, nodes[position].name, inputs)
        }
        guard let head = fused.first else { return inputs[0] }
        var last = result.add(head, nodes[position].name, inputs)
        for layer in fused.dropFirst() { last = result.add(layer, node.name, [last]) }
        return last
      }
    }
    return nil
  }

  /// A copy, node by node: `copy` is given each node's index and the new numbers of its inputs,
  /// and answers the new number of its value.
  private func rebuilt(
    output: Int, _ copy: (Int, [Int], inout Network) -> Int?
  ) -> Network {
    var result = Network(inputShape: inputShape)
    var numbers = [0: 0]
    for index in nodes.indices {
      let inputs = nodes[index].inputs.compactMap { numbers[$0] }
      guard inputs.count == nodes[index].inputs.count else { continue }
      if let number = copy(index, inputs, &result) { numbers[index + 1] = number }
    }
    result.setOutput(numbers[output] ?? 0)
    return result
  }

  /// `append` for layers whose shapes were checked before.
  private mutating func add(_ layer: any Layer, _ name: String, _ inputs: [Int]) -> Int {
    do {
      return try append(layer, named: name, reading: inputs)
    } catch {
      preconditionFailure("an optimised network keeps its shapes: \(error)")
    }
  }
}

/// A layer that can take over some layers that may follow it.
public protocol FusibleLayer: Layer {
  /// Layers that do the work of this one followed by `next`, or nil where there are none that are
  /// cheaper. `next` reads this layer's value only and is its only reader. The first layer of the
  /// answer reads what this layer read, each further one the one before; none: both are identities.
  /// - Parameter shape: the shape of the value between the two.
  func fused(with next: any Layer, shape: [Int]) -> [any Layer]?
}
