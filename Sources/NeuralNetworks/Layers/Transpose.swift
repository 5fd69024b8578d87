import Tensors

/// The axes in another order: axis `i` of the result is axis `permutation[i]` of the input.
public struct Transpose: FusibleLayer {
  public static let kind = "transpose"
  /// A permutation of the axes of one example.
  public var permutation: [Int]

  public init(_ permutation: [Int]) { self.permutation = permutation }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let shape = try single(inputs)
    guard permutation.sorted() == Array(shape.indices) else {
      throw ShapeError("\(permutation) is no order of the axes of \(shape)")
    }
    return permutation.map { shape[$0] }
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let shape = inputs[0].shape
    return ReferenceTensor(
      shape: permutation.map { shape[$0] },
      values: sources(shape).map { inputs[0].values[$0] })
  }

  /// The input element that each element of the result is.
  package func sources(_ shape: [Int]) -> [Int] {
    let strides = shape.strides
    return permutation.map { shape[$0] }.offsets(strides: permutation.map { strides[$0] })
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    TransposeOperation(sources: sources(inputs[0]))
  }

  /// Two transposes are one; a transpose and its inverse are nothing. A transpose moves behind what
  /// works element by element, where it may meet its inverse and that its convolution.
  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    if next is Activation { return [next, self] }
    if var affine = (next as? any AffineLayer)?.affine {
      if affine.scale.values.count > 1 { affine.axis = permutation[affine.axis] }
      return [affine, self]
    }
    guard let next = next as? Transpose else { return nil }
    let both = next.permutation.map { permutation[$0] }
    return both == Array(both.indices) ? [] : [Transpose(both)]
  }
}

private struct TransposeOperation: Operation {
  let sources: [Int]

  func forward(_ call: Call) {
    let size = sources.count
    sources.withUnsafeBufferPointer { sources in
      for example in 0..<call.count {
        let (x, y) = (call.inputs[0] + example * size, call.output + example * size)
        for index in 0..<size { y[index] = x[sources[index]] }
      }
    }
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    let size = sources.count
    sources.withUnsafeBufferPointer { sources in
      for example in 0..<call.count {
        let (dx, dy) = (target + example * size, call.outputGradient + example * size)
        for index in 0..<size { dx[sources[index]] = dy[index] }
      }
    }
  }
}
