internal import Tensors

/// A convolution, each way by what is fastest for its shape; all of them give an example the same
/// bits whatever is computed with it.
struct ConvolutionOperation: Operation {
  let window: Window
  let filters: Int
  let groups: Int
  let capacity: Int
  let bias: [Float]?
  let rectified: Bool
  /// True where gradients of the weights are asked for.
  let trains: Bool
  /// How they are computed; nil for a product with the windows as columns.
  let weightGradient: WinogradWeightGradient?
  /// True where the signs of the result are kept for the way back rather than the result, which
  /// gradients of the next layer's weights would need anyway.
  let keepsSigns: Bool
  private let forwardRoute: Route
  /// Nil where there is no backward pass.
  private let backwardRoute: Route?

  /// The kernels of one direction.
  private enum Route {
    case shallow(ShallowConvolution)
    case winograd(WinogradConvolution)
    case product(ConvolutionProduct)

    var scratchCount: Int {
      switch self {
      case .shallow(let kernel): kernel.scratchCount
      case .winograd(let kernel): kernel.scratchCount
      case .product(let kernel): kernel.scratchCount
      }
    }
  }

  /// - Parameter pool: what alone reads the result: which of several values it takes decides where
  ///   the gradient goes, so those must be right to the last bits.
  init(
    _ layer: Convolution, _ window: Window, followedBy pool: MaxPool? = nil, capacity: Int,
    purpose: Plan.Purpose, packing: Packing?
  ) {
    self.capacity = capacity
    self.window = window
    filters = layer.filters
    groups = layer.groups
    bias = layer.bias?.values
    rectified = layer.rectified
    let weights = layer.weight.values
    let goesBack = purpose != .inference
    trains = purpose.isTraining
    func product() -> Route {
      .product(
        ConvolutionProduct(
          window, filters: layer.filters, weights: weights, bias: layer.bias?.values,
          groups: layer.groups, hasGradient: goesBack))
    }
    let kink = Self.kink(layer, pool)
    let route = ConvolutionRoute.preferred(window, filters: filters, groups: groups, kink: kink)
    weightGradient =
      trains && route == .winograd && WinogradWeightGradient.fits(window)
      ? WinogradWeightGradient(window, filters: filters) : nil
    keepsSigns = goesBack && !trains && layer.rectified
    switch route {
    case .shallow:
      let hasGradient = goesBack && ShallowConvolution.fitsGradient(window)
      let kernel = Route.shallow(
        ShallowConvolution(
          window, filters: filters, weights: weights, bias: bias, hasGradient: hasGradient))
      forwardRoute = kernel
      backwardRoute = hasGradient ? kernel : goesBack ? product() : nil
    case .winograd:
      forwardRoute = .winograd(
        WinogradConvolution(
          window, outChannels: filters, weights: weights, bias: bias, kink: kink,
          packing: packing))
      backwardRoute =
        goesBack
        ? .winograd(
          WinogradConvolution(
            adjointOf: window, filters: filters, weights: weights, packing: packing))
        : nil
    case .product:
      let kernel = product()
      (forwardRoute, backwardRoute) = (kernel, goesBack ? kernel : nil)
    }
  }

  private static func kink(_ layer: Convolution, _ pool: MaxPool?) -> WinogradConvolution.Kink {
    if layer.rectified { return .rectifier }
    return pool.map { .maximum(twoByTwo: $0.isTwoByTwo) } ?? .none
  }

  /// Images that are computed together.
  var group: Int {
    guard case .winograd = forwardRoute else { return 1 }
    return WinogradConvolution.group(window)
  }

  /// The same for an operation that is yet to be made.
  static func group(_ layer: Convolution, _ window: Window, followedBy pool: MaxPool?) -> Int {
    let route = ConvolutionRoute.preferred(
      window, filters: layer.filters, groups: layer.groups, kink: kink(layer, pool))
    return route == .winograd ? WinogradConvolution.group(window) : 1
  }

  /// Bytes an image that say where the maxima over `pool`'s windows came from, if the passes can be
  /// given them; nil if they cannot.
  func placeCount(_ pool: Window) -> Int? {
    guard pool.isTwoByTwo, pool.outHeight == pool.height / 2, pool.outWidth == pool.width / 2 else {
      return nil
    }
    switch forwardRoute {
    case .winograd(let kernel): return kernel.placeCount
    case .shallow(let kernel):
      guard kernel.takesMaxima, ShallowConvolution.fitsGradient(window) else { return nil }
      return filters * pool.outHeight * pool.outWidth * MemoryLayout<UInt16>.size
    case .product: return nil
    }
  }

  /// Bytes from one image's places to the next where the kernel is Winograd's.
  var placeStride: Int {
    guard case .winograd(let kernel) = forwardRoute else { return 0 }
    return kernel.placeCount
  }
  /// Of the maxima of 2 x 2 windows.
  var pooledPixels: Int { (window.outHeight / 2) * (window.outWidth / 2) }

  var pixels: Int { window.outHeight * window.outWidth }
  var inputSize: Int { window.channels * window.height * window.width }
  var columnRows: Int { window.channels / groups * window.kernel.y * window.kernel.x }

  var scratchCount: Int {
    max(weightScratchCount, forwardRoute.scratchCount, backwardRoute?.scratchCount ?? 0)
  }

  var savedCount: Int { keepsSigns ? Signs.floatCount(capacity * filters * pixels) : 0 }

  var backwardReads: BackwardReads {
    rectified && !keepsSigns ? [.output, .inputsForParameters] : [.inputsForParameters]
  }

  /// The images of a call.
  func images(_ call: Call) -> UnsafePointer<Float> {
    call.inputs[0] + call.skipped * inputSize
  }

  func forward(_ call: Call) {
    forward(call, places: nil, rectified: rectified)
    if keepsSigns {
      Signs.keep(of: call.output, count: call.count * filters * pixels, in: call.saved)
    }
  }

  /// The same, then a maximum if there is room for the `places` (`placeCount`), then a ReLU if
  /// asked.
  func forward(_ call: Call, places: UnsafeMutableRawPointer?, rectified: Bool) {
    switch forwardRoute {
    case .shallow(let kernel):
      kernel.run(
        images(call), count: call.count, rectified: rectified, result: call.output,
        choices: places?.assumingMemoryBound(to: UInt16.self), scratch: call.scratch)
    case .winograd(let kernel):
      kernel.run(
        images(call), count: call.count, rectified: rectified, result: call.output,
        places: places?.assumingMemoryBound(to: UInt8.self), scratch: call.scratch)
    case .product(let kernel):
      kernel.run(
        images(call), count: call.count, rectified: rectified, result: call.output,
        scratch: call.scratch)
    }
  }

  func backward(_ call: Call) { backward(call, places: nil) }

  /// The same for what `forward` with `places` yielded.
  func backward(_ call: Call, places: UnsafeMutableRawPointer?) {
    guard let whole = call.inputGradients[0], let backwardRoute else { return }
    let target = whole + call.skipped * inputSize
    if !trains { mask(call) }  // in training `addParameterGradients` has done it
    switch backwardRoute {
    case .shallow(let kernel):
      kernel.gradient(
        call.outputGradient, choices: places?.assumingMemoryBound(to: UInt16.self),
        count: call.count, into: target, scratch: call.scratch)
    case .winograd(let kernel):
      kernel.run(
        call.outputGradient, count: call.count, result: target,
        places: places?.assumingMemoryBound(to: UInt8.self), scratch: call.scratch)
    case .product(let kernel):
      kernel.gradient(call.outputGradient, count: call.count, into: target, scratch: call.scratch)
    }
  }
}
