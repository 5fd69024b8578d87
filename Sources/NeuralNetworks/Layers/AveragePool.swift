public import Tensors

/// The mean over windows of each channel: `[channels, height, width]` to
/// `[channels, height', width']`. A window the size of the image is global pooling.
public struct AveragePool: Layer {
  public static let kind = "average-pool"
  /// Nil: the whole image.
  public var kernel: Window.Pair?
  public var stride: Window.Pair
  public var padding: Padding
  public var roundingUp: Bool
  /// True: padding counts as zeros; false: the mean is over the elements inside the image.
  public var countsPadding: Bool

  public init(
    kernel: Window.Pair, stride: Window.Pair? = nil, padding: Padding = .init(),
    roundingUp: Bool = false, countsPadding: Bool = false
  ) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
    self.roundingUp = roundingUp
    self.countsPadding = countsPadding
  }

  private init() {
    kernel = nil
    stride = .init(1, 1)
    padding = .init()
    roundingUp = false
    countsPadding = false
  }

  /// The mean over each whole channel: `[channels, 1, 1]`.
  public static let global = AveragePool()

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let window = try window(for: try single(inputs))
    return [window.channels, window.outHeight, window.outWidth]
  }

  package func window(for shape: [Int]) throws(ShapeError) -> Window {
    guard shape.count == 3 else {
      throw ShapeError("takes [channels, height, width], got \(shape)")
    }
    return try Window(
      sliding: kernel ?? .init(shape[1], shape[2]), over: shape, stride: stride,
      dilation: .init(1, 1), padding: padding, roundingUp: roundingUp)
  }

  /// What the sum over the window at (oy, ox) is divided by. Padding counts up to the padded edge,
  /// not what a rounded-up last window has beyond it.
  package func divisor(_ window: Window, _ oy: Int, _ ox: Int) -> Int {
    func covered(_ start: Int, _ kernel: Int, _ size: Int, _ before: Int, _ after: Int) -> Int {
      if countsPadding { return min(start + kernel, size + after) - start }
      return min(start + kernel, size) - max(start, 0)
    }
    return covered(
      oy * stride.y - padding.top, window.kernel.y, window.height, padding.top, padding.bottom)
      * covered(
        ox * stride.x - padding.left, window.kernel.x, window.width, padding.left, padding.right)
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let window = checked { () throws(ShapeError) in try self.window(for: inputs[0].shape) }
    var result = ReferenceTensor(zeros: [window.channels, window.outHeight, window.outWidth])
    window.forEachOutput { channel, oy, ox, output in
      var sum = 0.0
      window.forEachInput(channel, oy, ox) { sum += inputs[0].values[$0] }
      result.values[output] = sum / Double(divisor(window, oy, ox))
    }
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    let window = checked { () throws(ShapeError) in try self.window(for: inputs[0]) }
    var factors: [Float] = []
    for oy in 0..<window.outHeight {
      for ox in 0..<window.outWidth { factors.append(1 / Float(divisor(window, oy, ox))) }
    }
    return AveragePoolOperation(window: window, factors: factors)
  }
}

private struct AveragePoolOperation: Operation {
  let window: Window
  /// One over the divisor of each output position.
  let factors: [Float]

  func forward(_ call: Call) {
    var images = window
    images.channels *= call.count
    images.forEachOutput { channel, oy, ox, output in
      var sum: Float = 0
      images.forEachInput(channel, oy, ox) { sum += call.inputs[0][$0] }
      call.output[output] = sum * factors[oy * images.outWidth + ox]
    }
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    var images = window
    images.channels *= call.count
    target.update(repeating: 0, count: images.channels * images.height * images.width)
    images.forEachOutput { channel, oy, ox, output in
      let share = call.outputGradient[output] * factors[oy * images.outWidth + ox]
      images.forEachInput(channel, oy, ox) { target[$0] += share }
    }
  }
}
