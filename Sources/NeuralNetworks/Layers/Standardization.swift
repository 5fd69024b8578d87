internal import Tensors

/// `y = (x - mean) / sqrt(variance + epsilon)` over each block of the last axes of one example,
/// with the block's own mean and (biased) variance.
///
/// Layer normalisation (J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", 2016) without
/// its scale and shift; on `[groups, rest]`, group and instance normalisation.
public struct Standardization: Layer {
  public static let kind = "standardization"
  /// How many trailing axes a block spans.
  public var axes: Int
  public var epsilon: Float

  public init(axes: Int, epsilon: Float = 1e-5) {
    self.axes = axes
    self.epsilon = epsilon
  }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let shape = try single(inputs)
    guard axes > 0 && axes <= shape.count else {
      throw ShapeError("normalises over \(axes) axes, got shape \(shape)")
    }
    return shape
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    var result = inputs[0]
    let size = result.shape.suffix(axes).reduce(1, *)
    for start in stride(from: 0, to: result.values.count, by: size) {
      let block = result.values[start..<start + size]
      let mean = block.reduce(0, +) / Double(size)
      let variance = block.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
      let factor = 1 / (variance + Double(epsilon)).squareRoot()
      for index in block.indices { result.values[index] = (result.values[index] - mean) * factor }
    }
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    let size = inputs[0].suffix(axes).reduce(1, *)
    return StandardizationOperation(
      size: size, blocks: inputs[0].elementCount / size, epsilon: epsilon, capacity: capacity)
  }
}

private struct StandardizationOperation: Operation {
  let size: Int, blocks: Int
  let epsilon: Float
  let capacity: Int

  /// The factor of each block.
  var savedCount: Int { capacity * blocks }
  var backwardReads: BackwardReads { [.output] }

  func forward(_ call: Call) {
    for block in 0..<call.count * blocks {
      let (x, y) = (call.inputs[0] + block * size, call.output + block * size)
      var sum = 0.0
      for i in 0..<size { sum += Double(x[i]) }
      let mean = sum / Double(size)
      var squares = 0.0
      for i in 0..<size { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
      let factor = 1 / (squares / Double(size) + Double(epsilon)).squareRoot()
      for i in 0..<size { y[i] = Float((Double(x[i]) - mean) * factor) }
      call.saved[block] = Float(factor)
    }
  }

  /// `dx = factor (dy - mean(dy) - y mean(dy y))`
  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    for block in 0..<call.count * blocks {
      let start = block * size
      let (y, dy, dx) = (call.output + start, call.outputGradient + start, target + start)
      var (sum, product) = (0.0, 0.0)
      for i in 0..<size {
        sum += Double(dy[i])
        product += Double(dy[i]) * Double(y[i])
      }
      let (mean, slope) = (sum / Double(size), product / Double(size))
      let factor = Double(call.saved[block])
      for i in 0..<size { dx[i] = Float(factor * (Double(dy[i]) - mean - Double(y[i]) * slope)) }
    }
  }
}
