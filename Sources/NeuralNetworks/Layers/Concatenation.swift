internal import Tensors

/// Its inputs one after the other along an axis; their other extents are equal.
public struct Concatenation: Layer {
  public static let kind = "concatenation"
  /// The axis of one example's shape.
  public var axis: Int

  public init(axis: Int) { self.axis = axis }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    guard var result = inputs.first else { throw ShapeError("has nothing to join") }
    try check(axis: axis, of: result)
    for shape in inputs.dropFirst() {
      var expected = result
      if shape.count == result.count { expected[axis] = shape[axis] }
      guard shape == expected else {
        throw ShapeError("cannot join \(inputs) along axis \(axis)")
      }
      result[axis] += shape[axis]
    }
    return result
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    var shape = inputs[0].shape
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    let runs = inputs.map { $0.shape[axis...].reduce(1, *) }
    var values: [Double] = []
    for block in 0..<shape.around(axis).outer {
      for (input, run) in zip(inputs, runs) {
        values += input.values[block * run..<(block + 1) * run]
      }
    }
    return ReferenceTensor(shape: shape, values: values)
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    ConcatenationOperation(
      blocks: inputs[0].around(axis).outer, runs: inputs.map { $0[axis...].reduce(1, *) })
  }
}

private struct ConcatenationOperation: Operation {
  /// Blocks of one example, and how many elements each input gives to a block.
  let blocks: Int, runs: [Int]

  func forward(_ call: Call) {
    var target = call.output
    for block in 0..<call.count * blocks {
      for (input, run) in runs.enumerated() {
        target.update(from: call.inputs[input] + block * run, count: run)
        target += run
      }
    }
  }

  func backward(_ call: Call) {
    var source = call.outputGradient
    for block in 0..<call.count * blocks {
      for (input, run) in runs.enumerated() {
        if let target = call.inputGradients[input] {
          (target + block * run).update(from: source, count: run)
        }
        source += run
      }
    }
  }
}
