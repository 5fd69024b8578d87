internal import Tensors

/// Chosen indices of an axis in a given order: slices, gathered rows, repetition, and padding.
///
/// `y[..., i, ...] = x[..., indices[i], ...]`, or `fill` where `indices[i]` is nil.
public struct Selection: Layer {
  public static let kind = "selection"
  /// The axis of one example's shape.
  public var axis: Int
  /// Indices of the input along the axis; nil: no element, a constant.
  public var indices: [Int?]
  /// The constant.
  public var fill: Float

  public init(axis: Int, indices: [Int?], fill: Float = 0) {
    self.axis = axis
    self.indices = indices
    self.fill = fill
  }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    var shape = try single(inputs)
    try check(axis: axis, of: shape)
    for case let index? in indices where index < 0 || index >= shape[axis] {
      throw ShapeError("index \(index) is outside of axis \(axis) of \(shape)")
    }
    shape[axis] = indices.count
    return shape
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    var shape = inputs[0].shape
    let extent = shape[axis]
    let (outer, inner) = shape.around(axis)
    shape[axis] = indices.count
    var values: [Double] = []
    for block in 0..<outer {
      for index in indices {
        if let index {
          let start = (block * extent + index) * inner
          values += inputs[0].values[start..<start + inner]
        } else {
          values += [Double](repeating: Double(fill), count: inner)
        }
      }
    }
    return ReferenceTensor(shape: shape, values: values)
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    let (outer, inner) = inputs[0].around(axis)
    return SelectionOperation(
      outer: outer, extent: inputs[0][axis], inner: inner, indices: indices.map { $0 ?? -1 },
      fill: fill)
  }
}

private struct SelectionOperation: Operation {
  let outer: Int, extent: Int, inner: Int
  /// -1 is the constant.
  let indices: [Int]
  let fill: Float

  func forward(_ call: Call) {
    indices.withUnsafeBufferPointer { indices in
      var y = call.output
      for block in 0..<call.count * outer {
        let x = call.inputs[0] + block * extent * inner
        for index in indices {
          if index < 0 {
            y.update(repeating: fill, count: inner)
          } else {
            y.update(from: x + index * inner, count: inner)
          }
          y += inner
        }
      }
    }
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    target.update(repeating: 0, count: call.count * outer * extent * inner)
    indices.withUnsafeBufferPointer { indices in
      var dy = call.outputGradient
      for block in 0..<call.count * outer {
        let dx = target + block * extent * inner
        for index in indices {
          if index >= 0 { for i in 0..<inner { dx[index * inner + i] += dy[i] } }
          dy += inner
        }
      }
    }
  }
}
