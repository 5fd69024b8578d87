internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// `y_i = exp(x_i) / sum_j exp(x_j)` along an axis, or the logarithm of that.
public struct Softmax: Layer {
  public static let kind = "softmax"
  /// The axis of one example's shape.
  public var axis: Int
  /// True: log-softmax.
  public var logarithmic: Bool

  public init(axis: Int, logarithmic: Bool = false) {
    self.axis = axis
    self.logarithmic = logarithmic
  }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let shape = try single(inputs)
    try check(axis: axis, of: shape)
    return shape
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    var result = inputs[0]
    let extent = result.shape[axis]
    let (outer, inner) = result.shape.around(axis)
    for line in 0..<outer * inner {
      let start = line / inner * extent * inner + line % inner
      let places = (0..<extent).map { start + $0 * inner }
      let largest = places.reduce(-Double.infinity) { max($0, result.values[$1]) }
      let sum = places.reduce(0) { $0 + exp(result.values[$1] - largest) }
      for place in places {
        let x = result.values[place] - largest
        result.values[place] = logarithmic ? x - log(sum) : exp(x) / sum
      }
    }
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    let (outer, inner) = inputs[0].around(axis)
    return SoftmaxOperation(
      outer: outer, extent: inputs[0][axis], inner: inner, logarithmic: logarithmic)
  }
}

private struct SoftmaxOperation: Operation {
  let outer: Int, extent: Int, inner: Int
  let logarithmic: Bool

  var backwardReads: BackwardReads { [.output] }

  private func forEachLine(_ count: Int, _ body: (Int) -> Void) {
    for block in 0..<count * outer {
      for offset in 0..<inner { body(block * extent * inner + offset) }
    }
  }

  func forward(_ call: Call) {
    forEachLine(call.count) { start in
      let (x, y) = (call.inputs[0] + start, call.output + start)
      var largest = -Float.infinity
      for i in 0..<extent { largest = max(largest, x[i * inner]) }
      var sum = 0.0
      for i in 0..<extent {
        let power = exp(Double(x[i * inner] - largest))
        sum += power
        y[i * inner] = logarithmic ? x[i * inner] - largest : Float(power)
      }
      let logarithm = Float(log(sum))
      let factor = Float(1 / sum)
      for i in 0..<extent {
        if logarithmic { y[i * inner] -= logarithm } else { y[i * inner] *= factor }
      }
    }
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    forEachLine(call.count) { start in
      let (y, dy, dx) = (call.output + start, call.outputGradient + start, target + start)
      var sum = 0.0
      for i in 0..<extent {
        sum += Double(dy[i * inner]) * (logarithmic ? 1 : Double(y[i * inner]))
      }
      for i in 0..<extent {
        let (value, gradient) = (Double(y[i * inner]), Double(dy[i * inner]))
        dx[i * inner] = Float(
          logarithmic ? gradient - exp(value) * sum : value * (gradient - sum))
      }
    }
  }
}
