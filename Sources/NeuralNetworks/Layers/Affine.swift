public import Tensors

/// `y = x * scale + shift`, with one scale and shift for each index of an axis, or one for all.
///
/// Input normalisation, batch normalisation at inference, and arithmetic with per-channel or scalar
/// constants are all this layer.
public struct Affine: AffineLayer, FusibleLayer {
  public static let kind = "affine"
  /// `[extent of the axis]`, or `[1]` for a single factor.
  public var scale: Tensor
  /// As `scale`.
  public var shift: Tensor
  /// The axis of one example's shape that the factors belong to; ignored for a single factor.
  public var axis: Int

  public init(scale: [Float], shift: [Float], axis: Int = 0) {
    precondition(scale.count == shift.count && !scale.isEmpty, "a shift for every scale")
    self.scale = Tensor(shape: [scale.count], values: scale)
    self.shift = Tensor(shape: [shift.count], values: shift)
    self.axis = axis
  }

  public var affine: Affine { self }

  public func checkParameters() throws(ShapeError) {
    guard scale.shape.count == 1, scale.shape == shift.shape else {
      throw ShapeError("scale \(scale.shape) and shift \(shift.shape) do not go together")
    }
  }

  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    guard let other = (next as? any AffineLayer)?.affine else { return nil }
    let count = max(scale.values.count, other.scale.values.count)
    let axis = scale.values.count > 1 ? axis : other.axis
    if scale.values.count > 1 && other.scale.values.count > 1 && other.axis != self.axis {
      return nil
    }
    let (a, b) = expanded(to: count)
    let (c, d) = other.expanded(to: count)
    return [
      Affine(
        scale: (0..<count).map { a[$0] * c[$0] },
        shift: (0..<count).map { Float(Double(b[$0]) * Double(c[$0]) + Double(d[$0])) }, axis: axis)
    ]
  }
}

/// A layer that is an ``Affine`` at inference.
public protocol AffineLayer: Layer {
  /// Of parameters that `checkParameters` accepts.
  var affine: Affine { get }
  /// - Throws: ``ShapeError`` where the parameters do not go together.
  func checkParameters() throws(ShapeError)
}

extension AffineLayer {
  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let shape = try single(inputs)
    try checkParameters()
    let affine = affine
    let count = affine.scale.values.count
    guard
      count == 1 || affine.axis >= 0 && affine.axis < shape.count && shape[affine.axis] == count
    else { throw ShapeError("\(count) factors on axis \(affine.axis) do not fit \(shape)") }
    return shape
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let affine = affine
    let (channels, inner) = affine.runs(over: inputs[0].shape)
    var result = inputs[0]
    for index in result.values.indices {
      let channel = index / inner % channels
      result.values[index] =
        result.values[index] * Double(affine.scale.values[channel])
        + Double(affine.shift.values[channel])
    }
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    let (channels, inner) = affine.runs(over: inputs[0])
    return AffineOperation(
      scale: affine.scale.values, shift: affine.shift.values, inner: inner,
      blocks: inputs[0].elementCount / (channels * inner))
  }
}

extension Affine {
  /// How many factors, and how many consecutive elements share one.
  package func runs(over shape: [Int]) -> (channels: Int, inner: Int) {
    let count = scale.values.count
    if count == 1 { return (1, shape.elementCount) }
    return (count, shape[(axis + 1)...].reduce(1, *))
  }

  /// True where each index of the first axis has one factor.
  func isPerChannel(of shape: [Int]) -> Bool { scale.values.count == 1 || axis == 0 }

  /// One factor for each of `count` channels.
  func expanded(to count: Int) -> (scale: [Float], shift: [Float]) {
    if scale.values.count == count { return (scale.values, shift.values) }
    return (
      [Float](repeating: scale.values[0], count: count),
      [Float](repeating: shift.values[0], count: count)
    )
  }
}

private struct AffineOperation: Operation {
  let scale: [Float], shift: [Float]
  let inner: Int
  let blocks: Int
  let zeros: [Float]

  init(scale: [Float], shift: [Float], inner: Int, blocks: Int) {
    self.scale = scale
    self.shift = shift
    self.inner = inner
    self.blocks = blocks
    zeros = [Float](repeating: 0, count: scale.count)
  }

  func forward(_ call: Call) {
    affine(
      call.inputs[0], scale: scale, shift: shift, count: call.count * blocks, inner: inner,
      into: call.output)
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    affine(
      call.outputGradient, scale: scale, shift: zeros, count: call.count * blocks, inner: inner,
      into: target)
  }
}
