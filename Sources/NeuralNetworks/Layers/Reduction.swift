internal import Tensors

/// The mean, sum or extreme over some axes, which stay with extent 1.
///
/// The gradient of an extreme goes to its first element in row-major order.
public struct Reduction: Layer {
  public static let kind = "reduction"
  public enum Function: String, Sendable, Codable {
    case mean, sum, maximum, minimum
  }
  public var function: Function
  /// Axes of one example's shape.
  public var axes: [Int]

  public init(_ function: Function, axes: [Int]) {
    self.function = function
    self.axes = axes
  }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    var shape = try single(inputs)
    for axis in axes {
      try check(axis: axis, of: shape)
      shape[axis] = 1
    }
    return shape
  }

  /// Where the elements that each result is made of lie: `starts[result] + steps[i]`.
  package func places(_ shape: [Int]) -> (starts: [Int], steps: [Int]) {
    let strides = shape.strides
    let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
    let reduced = shape.indices.map { axes.contains($0) ? shape[$0] : 1 }
    return (kept.offsets(strides: strides), reduced.offsets(strides: strides))
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let x = inputs[0].values
    let shape = inputs[0].shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element }
    let (starts, steps) = places(inputs[0].shape)
    let values = starts.map { start -> Double in
      let elements = steps.map { x[start + $0] }
      switch function {
      case .mean: return elements.reduce(0, +) / Double(steps.count)
      case .sum: return elements.reduce(0, +)
      case .maximum: return elements.reduce(-.infinity) { max($0, $1) }
      case .minimum: return elements.reduce(.infinity) { min($0, $1) }
      }
    }
    return ReferenceTensor(shape: shape, values: values)
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    let (starts, steps) = places(inputs[0])
    return ReductionOperation(
      function: function, size: inputs[0].elementCount, starts: starts, steps: steps)
  }
}

private struct ReductionOperation: Operation {
  let function: Reduction.Function
  let size: Int
  let starts: [Int], steps: [Int]

  private var isExtreme: Bool { function == .maximum || function == .minimum }
  var backwardReads: BackwardReads { isExtreme ? [.inputs, .output] : [] }

  func forward(_ call: Call) {
    for example in 0..<call.count {
      let (x, y) = (call.inputs[0] + example * size, call.output + example * starts.count)
      for (index, start) in starts.enumerated() {
        switch function {
        case .mean, .sum:
          var sum = 0.0
          for step in steps { sum += Double(x[start + step]) }
          y[index] = Float(function == .mean ? sum / Double(steps.count) : sum)
        case .maximum:
          y[index] = steps.reduce(-.infinity) { max($0, x[start + $1]) }
        case .minimum:
          y[index] = steps.reduce(.infinity) { min($0, x[start + $1]) }
        }
      }
    }
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    let factor = function == .mean ? 1 / Float(steps.count) : 1
    if isExtreme { target.update(repeating: 0, count: call.count * size) }
    for example in 0..<call.count {
      let dx = target + example * size
      for (index, start) in starts.enumerated() {
        let gradient = call.outputGradient[example * starts.count + index] * factor
        if isExtreme {
          let best = call.output[example * starts.count + index]
          let x = call.inputs[0] + example * size
          if let step = steps.first(where: { x[start + $0] == best }) {
            dx[start + step] = gradient
          }
        } else {
          for step in steps { dx[start + step] = gradient }
        }
      }
    }
  }
}
