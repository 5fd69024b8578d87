public import Tensors

/// A two-dimensional convolution (cross-correlation): `[channels, height, width]` to
/// `[filters, height', width']` with zero padding, then an activation.
///
/// `y[o, i, j] = b[o] + sum over (c, u, v) of W[o, c, u, v] x[c, i s - p + u d, j s - p + v d]`,
/// where with `groups` > 1 output o reads only the channels of its group.
public struct Convolution: FusibleLayer {
  public static let kind = "convolution"
  /// `[filters, channels / groups, kernel height, kernel width]`.
  public var weight: Tensor
  /// `[filters]`.
  public var bias: Tensor?
  public var stride: Window.Pair
  public var dilation: Window.Pair
  public var padding: Padding
  public var groups: Int
  /// True where the result passes a ReLU.
  public var rectified = false

  public init(
    weight: Tensor, bias: Tensor? = nil, stride: Window.Pair = .init(1, 1),
    dilation: Window.Pair = .init(1, 1), padding: Padding = .init(), groups: Int = 1
  ) {
    precondition(weight.shape.count == 4, "weights have four axes, not \(weight.shape)")
    precondition(bias == nil || bias?.shape == [weight.shape[0]], "one bias for each filter")
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.groups = groups
  }

  var filters: Int { weight.shape[0] }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let window = try window(for: try single(inputs))
    return [filters, window.outHeight, window.outWidth]
  }

  package func window(for shape: [Int]) throws(ShapeError) -> Window {
    guard weight.shape.count == 4, weight.values.count > 0,
      bias == nil || bias?.shape == [filters]
    else {
      throw ShapeError("weights \(weight.shape) and bias \(bias?.shape ?? []) are no convolution's")
    }
    guard groups > 0, filters % groups == 0, shape.count == 3,
      shape[0] % groups == 0, shape[0] / groups == weight.shape[1]
    else {
      throw ShapeError(
        "weights \(weight.shape) in \(groups) groups do not fit input \(shape)")
    }
    return try Window(
      sliding: .init(weight.shape[2], weight.shape[3]), over: shape, stride: stride,
      dilation: dilation, padding: padding)
  }

  public var parameters: [Tensor] {
    get { [weight] + (bias.map { [$0] } ?? []) }
    set {
      weight = newValue[0]
      if bias != nil { bias = newValue[1] }
    }
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let window = checked { () throws(ShapeError) in try self.window(for: inputs[0].shape) }
    var result = ReferenceTensor(zeros: [filters, window.outHeight, window.outWidth])
    let perGroup = weight.shape[1]
    for filter in 0..<filters {
      let firstChannel = filter / (filters / groups) * perGroup
      for oy in 0..<window.outHeight {
        for ox in 0..<window.outWidth {
          var sum = bias.map { Double($0.values[filter]) } ?? 0
          for channel in 0..<perGroup {
            for ky in 0..<window.kernel.y {
              let y = oy * stride.y - padding.top + ky * dilation.y
              guard y >= 0 && y < window.height else { continue }
              for kx in 0..<window.kernel.x {
                let x = ox * stride.x - padding.left + kx * dilation.x
                guard x >= 0 && x < window.width else { continue }
                let weightIndex =
                  ((filter * perGroup + channel) * window.kernel.y + ky) * window.kernel.x + kx
                let index = ((firstChannel + channel) * window.height + y) * window.width + x
                sum += Double(weight.values[weightIndex]) * inputs[0].values[index]
              }
            }
          }
          result.values[(filter * window.outHeight + oy) * window.outWidth + ox] =
            rectified ? max(sum, 0) : sum
        }
      }
    }
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    operation(for: inputs, capacity: capacity, purpose: .inputGradient, packing: nil)
  }

  public func operation(
    for inputs: [[Int]], capacity: Int, purpose: Plan.Purpose, packing: Packing?
  ) -> any Operation {
    let window = checked { () throws(ShapeError) in try self.window(for: inputs[0]) }
    return ConvolutionOperation(
      self, window, capacity: capacity, purpose: purpose, packing: packing)
  }

  public func group(for inputs: [[Int]]) -> Int { group(for: inputs, followedBy: nil) }

  func group(for inputs: [[Int]], followedBy pool: MaxPool?) -> Int {
    let window = checked { () throws(ShapeError) in try self.window(for: inputs[0]) }
    return ConvolutionOperation.group(self, window, followedBy: pool)
  }

  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    var result = self
    if let pool = next as? MaxPool { return [PooledConvolution(self, pool)] }
    guard !rectified else { return nil }
    if let activation = next as? Activation, activation.function == .relu {
      result.rectified = true
      return [result]
    }
    guard let affine = (next as? any AffineLayer)?.affine,
      affine.isPerChannel(of: shape)
    else { return nil }
    let (scale, shift) = affine.expanded(to: filters)
    result.weight = weight.scalingRows(by: scale)
    result.bias = Tensor(
      shape: [filters],
      values: (0..<filters).map { (bias?.values[$0] ?? 0) * scale[$0] + shift[$0] })
    return [result]
  }
}

/// Rows and columns of zeros around an image.
public struct Padding: Sendable, Equatable, Codable {
  public var top, left, bottom, right: Int
  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }
  /// The same on all sides.
  public init(all sides: Int) { self.init(top: sides, left: sides, bottom: sides, right: sides) }
}

extension Window {
  /// A window over `[channels, height, width]`.
  /// - Parameter roundingUp: counts a last, partial window, if it starts inside the image or its
  ///   leading padding (ONNX `ceil_mode`).
  init(
    sliding kernel: Pair, over shape: [Int], stride: Pair, dilation: Pair, padding: Padding,
    roundingUp: Bool = false
  ) throws(ShapeError) {
    guard shape.count == 3 else {
      throw ShapeError("takes [channels, height, width], got \(shape)")
    }
    let numbers = [kernel.y, kernel.x, stride.y, stride.x, dilation.y, dilation.x]
    let pads = [padding.top, padding.left, padding.bottom, padding.right]
    guard numbers.allSatisfy({ $0 > 0 && $0 < 1 << 20 }),
      pads.allSatisfy({ $0 >= 0 && $0 < 1 << 20 })
    else {
      throw ShapeError("kernel, stride, dilation \(numbers) or padding \(pads) is out of range")
    }
    func extent(
      _ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ before: Int, _ after: Int
    ) -> Int {
      let room = size + before + after - (kernel - 1) * dilation - 1
      guard room >= 0 else { return 0 }
      var count = (room + (roundingUp ? stride - 1 : 0)) / stride + 1
      if roundingUp && (count - 1) * stride >= size + before { count -= 1 }
      return count
    }
    let height = extent(
      shape[1], kernel.y, stride.y, dilation.y, padding.top, padding.bottom)
    let width = extent(
      shape[2], kernel.x, stride.x, dilation.x, padding.left, padding.right)
    guard height > 0 && width > 0 else {
      throw ShapeError("a \(kernel.y) x \(kernel.x) window does not fit into \(shape)")
    }
    // Kernels count in 32 bits.
    guard
      [shape, [shape[0], height, width]].allSatisfy({ $0.checkedElementCount ?? .max < 1 << 30 })
    else { throw ShapeError("images \(shape) are too large for a window") }
    self.init(
      channels: shape[0], height: shape[1], width: shape[2], kernel: kernel, stride: stride,
      dilation: dilation, padTop: padding.top, padLeft: padding.left, outHeight: height,
      outWidth: width)
  }
}

/// The value of `body`, for shapes that `outputShape(for:)` has accepted.
func checked<T>(_ body: () throws(ShapeError) -> T) -> T {
  do {
    return try body()
  } catch {
    preconditionFailure("shapes were not checked: \(error)")
  }
}
