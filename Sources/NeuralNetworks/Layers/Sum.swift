public import Tensors

/// The sum of two or more values of one shape, then an activation: residual connections.
public struct Sum: FusibleLayer {
  public static let kind = "sum"
  /// True where the result passes a ReLU.
  public var rectified = false

  public init() {}

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    guard let first = inputs.first, inputs.allSatisfy({ $0 == first }) else {
      throw ShapeError("cannot add shapes \(inputs)")
    }
    return first
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    var result = inputs[0]
    for other in inputs.dropFirst() {
      for index in result.values.indices { result.values[index] += other.values[index] }
    }
    return rectified ? result.map { max($0, 0) } : result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    operation(for: inputs, capacity: capacity, purpose: .inputGradient, packing: nil)
  }

  public func operation(
    for inputs: [[Int]], capacity: Int, purpose: Plan.Purpose, packing: Packing?
  ) -> any Operation {
    SumOperation(
      size: inputs[0].elementCount, capacity: capacity, rectified: rectified,
      keepsSigns: rectified && purpose == .inputGradient)
  }

  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    guard !rectified, let activation = next as? Activation, activation.function == .relu else {
      return nil
    }
    var result = self
    result.rectified = true
    return [result]
  }
}

private struct SumOperation: Operation {
  let size: Int
  let capacity: Int
  let rectified: Bool
  /// True where the signs of the result are kept for the way back rather than the result.
  let keepsSigns: Bool

  var savedCount: Int { keepsSigns ? Signs.floatCount(capacity * size) : 0 }
  var backwardReads: BackwardReads { rectified && !keepsSigns ? .output : [] }

  func forward(_ call: Call) {
    // Example by example, so that a sum is still in cache when it is rectified.
    for start in stride(from: 0, to: call.count * size, by: size) {
      let target = call.output + start
      target.update(from: call.inputs[0] + start, count: size)
      for input in call.inputs.dropFirst() { add(input + start, to: target, count: size) }
      if rectified { rectify(target, count: size, into: target) }
    }
    if keepsSigns { Signs.keep(of: call.output, count: call.count * size, in: call.saved) }
  }

  func backward(_ call: Call) {
    let count = call.count * size
    if keepsSigns {
      Signs.apply(call.saved, to: call.outputGradient, count: count)
    } else if rectified {
      rectifierGradient(
        call.outputGradient, at: call.output, count: count, into: call.outputGradient)
    }
    for case let target? in call.inputGradients {
      target.update(from: call.outputGradient, count: count)
    }
  }
}
