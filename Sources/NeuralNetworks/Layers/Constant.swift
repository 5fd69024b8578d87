public import Tensors

/// The same tensor for every example; reads nothing.
public struct Constant: Layer {
  public static let kind = "constant"
  public var value: Tensor

  public init(_ value: Tensor) { self.value = value }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    guard inputs.isEmpty else { throw ShapeError("reads nothing, got \(inputs.count) inputs") }
    return value.shape
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    ReferenceTensor(shape: value.shape, values: value.values.map(Double.init))
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    ConstantOperation(values: value.values)
  }
}

private struct ConstantOperation: Operation {
  let values: [Float]

  func forward(_ call: Call) {
    for example in 0..<call.count {
      (call.output + example * values.count).update(from: values, count: values.count)
    }
  }

  func backward(_ call: Call) {}
}
