public import NeuralNetworks
public import Testing
public import Tensors

/// Expects a network's chunked single-precision passes to agree with its definition in double
/// precision, and its input gradient with central differences of that definition.
///
/// Inputs are normals times `spread`. Directions are normals too; each directional derivative of a
/// random combination of the outputs is compared.
public func expectGradient(
  _ network: Network, examples: Int = 3, seed: UInt64 = 1, spread: Float = 1, shift: Float = 0,
  tolerance: Tolerance = .accumulation, sourceLocation: SourceLocation = #_sourceLocation
) {
  let size = network.inputShape.elementCount
  let classes = network.outputShape.elementCount
  let workspace = Plan(network, capacity: examples).makeWorkspace()
  let inputs = RandomKey(seed: seed, purpose: .test).normals(examples * size)
    .map { $0 * spread + shift }
  let cotangents = RandomKey(seed: seed, purpose: .test, draw: 1).normals(examples * classes)
  workspace.input.update(from: inputs, count: inputs.count)
  workspace.forward(count: examples)
  let outputs = (0..<examples * classes).map { workspace.output[$0] }
  workspace.outputGradient.update(from: cotangents, count: cotangents.count)
  workspace.backward()
  let gradients = (0..<examples * size).map { workspace.inputGradient[$0] }

  for example in 0..<examples {
    let input = inputs[example * size..<(example + 1) * size].map(Double.init)
    let cotangent = cotangents[example * classes..<(example + 1) * classes].map(Double.init)
    expectClose(
      outputs[example * classes..<(example + 1) * classes], network.evaluate(input), tolerance,
      sourceLocation: sourceLocation)
    let direction = RandomKey(seed: seed, purpose: .test, example: example, draw: 2)
      .normals(size).map(Double.init)
    func loss(_ step: Double) -> Double {
      let point = zip(input, direction).map { $0 + step * $1 }
      return zip(network.evaluate(point), cotangent).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let step = 1e-6
    let difference = (loss(step) - loss(-step)) / (2 * step)
    let gradient = gradients[example * size..<(example + 1) * size].map(Double.init)
    let derivative = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
    let scale = zip(gradient, direction).reduce(0) { $0 + abs($1.0 * $1.1) }
    let bound =
      Tolerance.finiteDifferences.absolute + tolerance.relative * scale
      + 1e-4 * abs(difference)
    #expect(
      !(abs(derivative - difference) > bound) && !derivative.isNaN,
      "directional derivative \(derivative), by differences \(difference), bound \(bound)",
      sourceLocation: sourceLocation)
  }
}

/// Random weights of the given shape, small enough to keep sums near one.
public func randomTensor(_ shape: [Int], seed: UInt64 = 7, draw: Int = 0) -> Tensor {
  let fan = Float(shape.dropFirst().reduce(1, *))
  let values = RandomKey(seed: seed, purpose: .test, example: 99, draw: draw)
    .normals(shape.elementCount)
  return Tensor(shape: shape, values: values.map { $0 / fan.squareRoot() })
}
