internal import NeuralNetworks
internal import Tensors

/// The objective that trains StoBatch's first layer: its values are to reconstruct its input.
///
/// With h = clip(W x + b + shift, -1, 1) and the reconstruction W^T h, the sigmoid cross-entropy to
/// first order is `sum_j (W^T h)_j (1/2 - x_j)`; its gradient with respect to W, h taken as given,
/// is that of a layer with input `1/2 - x` and output gradient h. N. Phan et al., "Scalable
/// Differential Privacy with Certified Robustness in Adversarial Learning", 2020, Section 3.1.
final class Reconstruction {
  /// The first layer with weights, and what only reshapes its input.
  private var layer: Network
  private let shift: [Float]
  private let gradient: BatchGradient

  /// - Parameter shift: what is added to the layer's values, one each.
  /// - Throws: ``PrivateTrainingError/network(problem:)`` where something else stands in front of
  ///   the first weights.
  init(
    of network: Network, shift: [Float], chunk: Int, threads: Int
  ) throws {
    let front = network.nodes.prefix { $0.layer.parameters.isEmpty }
    guard front.count < network.nodes.count, front.allSatisfy({ $0.layer.isView }) else {
      throw PrivateTrainingError.network(
        problem: "a layer with weights must read the input to reconstruct it")
    }
    var layer = Network(inputShape: network.inputShape)
    for node in network.nodes[...front.count] {
      try layer.append(node.layer, named: node.name, reading: node.inputs)
    }
    precondition(shift.count == layer.outputShape.elementCount, "a shift for each value")
    self.layer = layer
    self.shift = shift
    gradient = BatchGradient(for: layer, chunk: chunk, threads: threads)
  }

  /// The gradient of the mean over the images for each parameter of the layer; biases get none.
  func gradients(_ step: Trainer.Step) -> [[Float]] {
    layer.parameters = Array(step.network.parameters.prefix(layer.parameters.count))
    var input = step.images
    for index in input.values.indices { input.values[index] = 0.5 - input.values[index] }
    // W x + b = (W 1/2 + b) + b - (W (1/2 - x) + b).
    let size = shift.count
    let (zero, half) = (values(0), values(0.5))
    let offset = (0..<size).map { half[$0] + zero[$0] + shift[$0] }
    let scale = 1 / Float(input.rowCount)
    _ = gradient.compute(layer, images: input, seed: 0, step: step.number) {
      values, positions, result in
      for row in 0..<positions.count {
        for index in 0..<size {
          let hidden = offset[index] - values[row * size + index]
          result[row * size + index] = scale * min(max(hidden, -1), 1)
        }
      }
      return (0, 0)
    }
    return layer.parameters.enumerated().map { index, parameter in
      let count = parameter.values.count
      return index == 0
        ? Array(UnsafeBufferPointer(start: gradient.gradients[0], count: count))
        : [Float](repeating: 0, count: count)
    }
  }

  /// The layer's values for an image of one value.
  private func values(_ value: Float) -> [Float] {
    let workspace = Plan(layer, capacity: 1, purpose: .inference).makeWorkspace()
    for index in 0..<layer.inputShape.elementCount { workspace.input[index] = value }
    workspace.forward(count: 1)
    return Array(UnsafeBufferPointer(start: workspace.output, count: shift.count))
  }
}
