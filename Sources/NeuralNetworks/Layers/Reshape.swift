internal import Tensors

/// The same elements in another shape; flattening is `Reshape([count])`.
public struct Reshape: Layer {
  public static let kind = "reshape"
  /// The shape of one example after it.
  public var shape: [Int]

  public init(_ shape: [Int]) { self.shape = shape }

  public var isView: Bool { true }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let input = try single(inputs)
    guard let count = shape.checkedElementCount, count == input.elementCount else {
      throw ShapeError("cannot reshape \(input) to \(shape)")
    }
    return shape
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    ReferenceTensor(shape: shape, values: inputs[0].values)
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    preconditionFailure("a view is not computed")
  }
}
