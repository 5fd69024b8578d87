import Tensors

/// The sum of two or more values of one shape: residual connections.
public struct Sum: Layer {
  public static let kind = "sum"
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
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    SumOperation(size: inputs[0].elementCount)
  }
}

private struct SumOperation: Operation {
  let size: Int

  func forward(_ call: Call) {
    let count = call.count * size
    call.output.update(from: call.inputs[0], count: count)
    for input in call.inputs.dropFirst() { add(input, to: call.output, count: count) }
  }

  func backward(_ call: Call) {
    for case let target? in call.inputGradients {
      target.update(from: call.outputGradient, count: call.count * size)
    }
  }
}
