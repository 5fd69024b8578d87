internal import Tensors

/// A convolution by the kernels for few channels or by Winograd's algorithm where they are faster, else
/// as a matrix product with the windows as columns, image by image.
struct ConvolutionOperation: Operation {
  let window: Window
  let filters: Int
  let groups: Int
  let capacity: Int
  private let weight: [Float]
  let bias: [Float]?
  private let rectified: Bool
  private let shallow: ShallowConvolution?
  private let winograd: WinogradConvolution?
  private let winogradAdjoint: WinogradConvolution?
  private let shallowHasGradient: Bool

  /// - Parameter pool: what alone reads the result: which of several values it takes decides where the
  ///   gradient goes, so those must be right to the last bits.
  init(
    _ layer: Convolution, _ window: Window, followedBy pool: MaxPool? = nil, capacity: Int,
    purpose: Plan.Purpose
  ) {
    self.capacity = capacity
    self.window = window
    filters = layer.filters
    groups = layer.groups
    weight = layer.weight.values
    bias = layer.bias?.values
    rectified = layer.rectified
    if layer.groups == 1 && ShallowConvolution.fits(window) {
      shallowHasGradient = purpose != .inference && ShallowConvolution.fitsGradient(window)
      shallow = ShallowConvolution(
        window, filters: filters, weights: weight, bias: bias, hasGradient: shallowHasGradient)
      (winograd, winogradAdjoint) = (nil, nil)
      return
    }
    (shallow, shallowHasGradient) = (nil, false)
    guard Self.prefersWinograd(layer, window) else {
      (winograd, winogradAdjoint) = (nil, nil)
      return
    }
    winograd = WinogradConvolution(
      window, outChannels: layer.filters, weights: layer.weight.values, bias: layer.bias?.values,
      kink: Self.kink(layer, pool))
    guard purpose != .inference else {
      winogradAdjoint = nil
      return
    }
    var back = window
    back.channels = layer.filters
    (back.height, back.outHeight) = (window.outHeight, window.height)
    (back.width, back.outWidth) = (window.outWidth, window.width)
    back.padTop = window.kernel.y - 1 - window.padTop
    back.padLeft = window.kernel.x - 1 - window.padLeft
    winogradAdjoint = WinogradConvolution(
      back, outChannels: window.channels, weights: layer.weight.values, adjoint: true)
  }

  private static func kink(_ layer: Convolution, _ pool: MaxPool?) -> WinogradConvolution.Kink {
    if layer.rectified { return .rectifier }
    return pool.map { .maximum(twoByTwo: $0.isTwoByTwo) } ?? .none
  }

  /// Winograd pays from 16 channels on both sides; its transforms cost more than they save below.
  private static func prefersWinograd(_ layer: Convolution, _ window: Window) -> Bool {
    window.kernel.y == window.kernel.x && [3, 5].contains(window.kernel.y)
      && window.stride == .init(1, 1) && window.dilation == .init(1, 1) && layer.groups == 1
      && window.channels >= 16 && layer.filters >= 16
      && window.padTop < window.kernel.y && window.padLeft < window.kernel.x
      && window.outHeight * window.outWidth >= 16
  }

  /// Images that are computed together.
  var group: Int { winograd?.group ?? 1 }

  /// True where the passes can be given the choices of a maximum over these windows.
  func takesMaxima(_ pool: Window) -> Bool {
    guard let shallow, shallow.takesMaxima, ShallowConvolution.fitsGradient(window) else {
      return false
    }
    return pool.isTwoByTwo && pool.outHeight * 2 == pool.height && pool.outWidth * 2 == pool.width
  }

  var pixels: Int { window.outHeight * window.outWidth }
  var inputSize: Int { window.channels * window.height * window.width }
  var columnRows: Int { window.channels / groups * window.kernel.y * window.kernel.x }
  /// A 1 x 1 convolution reads its input as the columns.
  private var isPointwise: Bool {
    window.kernel == .init(1, 1) && window.stride == .init(1, 1) && window.padTop == 0
      && window.padLeft == 0 && window.outHeight == window.height
      && window.outWidth == window.width
  }

  var scratchCount: Int {
    let columns = window.channels * window.kernel.y * window.kernel.x * pixels
    return max(
      columns, shallow?.scratchCount ?? 0, winograd?.scratchCount ?? 0,
      winogradAdjoint?.scratchCount ?? 0)
  }

  var backwardReads: BackwardReads {
    rectified ? [.output, .inputsForParameters] : [.inputsForParameters]
  }

  func forward(_ call: Call) { forward(call, choices: nil, rectified: rectified) }

  /// The same, then a maximum where `choices` are given, then a ReLU where asked.
  func forward(_ call: Call, choices: UnsafeMutablePointer<UInt16>?, rectified: Bool) {
    if let shallow {
      shallow.run(
        call.inputs[0], count: call.count, rectified: rectified, result: call.output,
        choices: choices, scratch: call.scratch)
      return
    }
    if let winograd {
      winograd.run(
        call.inputs[0], count: call.count, rectified: rectified, result: call.output,
        scratch: call.scratch)
      return
    }
    let perGroup = filters / groups
    for example in 0..<call.count {
      let columns = columns(of: call.inputs[0] + example * inputSize, call)
      let output = call.output + example * filters * pixels
      for group in 0..<groups {
        weight.withUnsafeBufferPointer { weight in
          guard let weight = weight.baseAddress else { return }
          BLAS.multiply(
            weight + group * perGroup * columnRows, columns + group * columnRows * pixels,
            m: perGroup, n: pixels, k: columnRows, into: output + group * perGroup * pixels)
        }
      }
      addBias(output)
    }
  }

  func columns(of image: UnsafePointer<Float>, _ call: Call) -> UnsafePointer<Float> {
    if isPointwise { return image }
    window.columns(of: image, into: call.scratch)
    return UnsafePointer(call.scratch)
  }

  private func addBias(_ output: UnsafeMutablePointer<Float>) {
    if let bias {
      for filter in 0..<filters {
        let row = output + filter * pixels
        for pixel in 0..<pixels { row[pixel] += bias[filter] }
      }
    }
    if rectified { rectify(output, count: filters * pixels, into: output) }
  }

  func backward(_ call: Call) { backward(call, choices: nil) }

  /// The same for what `forward` with choices yielded.
  func backward(_ call: Call, choices: UnsafePointer<UInt16>?) {
    guard let target = call.inputGradients[0] else { return }
    if let shallow, shallowHasGradient {
      shallow.gradient(
        call.outputGradient, values: rectified ? UnsafePointer(call.output) : nil,
        choices: choices, count: call.count, into: target, scratch: call.scratch)
      return
    }
    mask(call)
    if let winogradAdjoint {
      winogradAdjoint.run(
        call.outputGradient, count: call.count, result: target, scratch: call.scratch)
      return
    }
    let perGroup = filters / groups
    for example in 0..<call.count {
      let gradient = call.outputGradient + example * filters * pixels
      let image = target + example * inputSize
      let columns = isPointwise ? image : call.scratch
      for group in 0..<groups {
        weight.withUnsafeBufferPointer { weight in
          guard let weight = weight.baseAddress else { return }
          BLAS.multiply(
            weight + group * perGroup * columnRows, transposeA: true,
            gradient + group * perGroup * pixels, m: columnRows, n: pixels, k: perGroup,
            into: columns + group * columnRows * pixels)
        }
      }
      if !isPointwise { window.addColumns(columns, into: image) }
    }
  }

  func addParameterGradients(_ call: Call, to sums: [UnsafeMutablePointer<Float>]) {
    mask(call)
    let perGroup = filters / groups
    for example in 0..<call.count {
      let columns = columns(of: call.inputs[0] + example * inputSize, call)
      let gradient = call.outputGradient + example * filters * pixels
      for group in 0..<groups {
        BLAS.multiply(
          gradient + group * perGroup * pixels, columns + group * columnRows * pixels,
          transposeB: true, m: perGroup, n: columnRows, k: pixels, beta: 1,
          into: sums[0] + group * perGroup * columnRows)
      }
      guard bias != nil else { continue }
      for filter in 0..<filters {
        var sum: Float = 0
        for pixel in 0..<pixels { sum += gradient[filter * pixels + pixel] }
        sums[1][filter] += sum
      }
    }
  }

  func mask(_ call: Call) {
    guard rectified else { return }
    rectifierGradient(
      call.outputGradient, at: call.output, count: call.count * filters * pixels,
      into: call.outputGradient)
  }
}
