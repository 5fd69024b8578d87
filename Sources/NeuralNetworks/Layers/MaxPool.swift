public import Tensors

/// The maximum over windows of each channel: `[channels, height, width]` to
/// `[channels, height', width']`; padding never wins.
///
/// The gradient of a tie goes to its first element in row-major order.
public struct MaxPool: FusibleLayer {
  public static let kind = "max-pool"
  public var kernel: Window.Pair
  public var stride: Window.Pair
  public var dilation: Window.Pair
  public var padding: Padding
  public var roundingUp: Bool
  /// True where the result passes a ReLU.
  public var rectified = false

  public init(
    kernel: Window.Pair, stride: Window.Pair? = nil, dilation: Window.Pair = .init(1, 1),
    padding: Padding = .init(), roundingUp: Bool = false
  ) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.dilation = dilation
    self.padding = padding
    self.roundingUp = roundingUp
  }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let window = try window(for: try single(inputs))
    return [window.channels, window.outHeight, window.outWidth]
  }

  func window(for shape: [Int]) throws(ShapeError) -> Window {
    let window = try Window(
      sliding: kernel, over: shape, stride: stride, dilation: dilation, padding: padding,
      roundingUp: roundingUp)
    guard window.holdsElements else {
      throw ShapeError("padding \(padding) holds a whole window of \(kernel)")
    }
    guard kernel.y * kernel.x < Int(UInt16.max) else {
      throw ShapeError("a window of \(kernel.y) x \(kernel.x) is too large")
    }
    return window
  }

  /// True for windows of 2 x 2 that neither overlap nor leave out anything.
  var isTwoByTwo: Bool {
    let two = Window.Pair(2, 2)
    return kernel == two && stride == two && dilation == .init(1, 1) && padding == Padding()
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let window = checked { () throws(ShapeError) in try self.window(for: inputs[0].shape) }
    var result = ReferenceTensor(zeros: [window.channels, window.outHeight, window.outWidth])
    window.forEachOutput { channel, oy, ox, output in
      var best = -Double.infinity
      window.forEachInput(channel, oy, ox) { best = max(best, inputs[0].values[$0]) }
      result.values[output] = rectified ? max(best, 0) : best
    }
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    let window = checked { () throws(ShapeError) in try self.window(for: inputs[0]) }
    return MaxPoolOperation(window: window, capacity: capacity, rectified: rectified)
  }

  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    guard !rectified, let activation = next as? Activation, activation.function == .relu else {
      return nil
    }
    var result = self
    result.rectified = true
    return [result]
  }
}

private struct MaxPoolOperation: Operation {
  let window: Window
  let capacity: Int
  let rectified: Bool

  private var inputSize: Int { window.channels * window.height * window.width }
  private var outputSize: Int { window.channels * window.outHeight * window.outWidth }
  var savedCount: Int { (capacity * outputSize + 1) / 2 }

  private func choices(_ call: Call) -> UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(call.saved).assumingMemoryBound(to: UInt16.self)
  }

  func forward(_ call: Call) {
    var images = window
    images.channels = window.channels * call.count
    images.maximum(
      of: call.inputs[0], into: call.output, choices: choices(call), rectified: rectified)
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    var images = window
    images.channels = window.channels * call.count
    images.maximumGradient(call.outputGradient, choices: choices(call), into: target)
  }
}

extension Window {
  /// Calls `body` with channel, row, column and index of every output.
  func forEachOutput(_ body: (Int, Int, Int, Int) -> Void) {
    var index = 0
    for channel in 0..<channels {
      for oy in 0..<outHeight {
        for ox in 0..<outWidth {
          body(channel, oy, ox, index)
          index += 1
        }
      }
    }
  }

  /// Calls `body` with the index of every element of one output's window that lies in the image.
  func forEachInput(_ channel: Int, _ oy: Int, _ ox: Int, _ body: (Int) -> Void) {
    for ky in 0..<kernel.y {
      let y = oy * stride.y - padTop + ky * dilation.y
      guard y >= 0 && y < height else { continue }
      for kx in 0..<kernel.x {
        let x = ox * stride.x - padLeft + kx * dilation.x
        guard x >= 0 && x < width else { continue }
        body((channel * height + y) * width + x)
      }
    }
  }

  /// True where each window holds an element of the image.
  var holdsElements: Bool {
    func hold(
      _ count: Int, _ stride: Int, _ pad: Int, _ kernel: Int, _ dilation: Int, _ size: Int
    ) -> Bool {
      (0..<count).allSatisfy { place in
        (0..<kernel).contains { (0..<size).contains(place * stride - pad + $0 * dilation) }
      }
    }
    return hold(outHeight, stride.y, padTop, kernel.y, dilation.y, height)
      && hold(outWidth, stride.x, padLeft, kernel.x, dilation.x, width)
  }
}
