internal import Tensors

/// A convolution and the maximum over windows of its result, which nobody else reads.
///
/// Made where a plan is; what it computes is ``Convolution`` followed by ``MaxPool``. The
/// maximum of rectified values is the rectified maximum, of fewer values, so the ReLU stands last.
struct PooledConvolution: FusibleLayer {
  static let kind = "pooled-convolution"
  /// Not rectified.
  var convolution: Convolution
  var pool: MaxPool

  init(_ convolution: Convolution, _ pool: MaxPool) {
    self.convolution = convolution
    self.pool = pool
    self.pool.rectified = pool.rectified || convolution.rectified
    self.convolution.rectified = false
  }

  func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    try pool.outputShape(for: [try convolution.outputShape(for: inputs)])
  }

  var parameters: [Tensor] {
    get { convolution.parameters }
    set { convolution.parameters = newValue }
  }

  func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    pool.evaluate([convolution.evaluate(inputs)])
  }

  func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    operation(for: inputs, capacity: capacity, purpose: .inputGradient, packing: nil)
  }

  func operation(
    for inputs: [[Int]], capacity: Int, purpose: Plan.Purpose, packing: Packing?
  ) -> any Operation {
    let (convolved, pooled) = checked { () throws(ShapeError) in
      let window = try convolution.window(for: inputs[0])
      let shape = [convolution.filters, window.outHeight, window.outWidth]
      return (window, try pool.window(for: shape))
    }
    return PooledConvolutionOperation(
      convolution: ConvolutionOperation(
        convolution, convolved, followedBy: pool, capacity: capacity, purpose: purpose,
        packing: packing),
      window: pooled, capacity: capacity, rectified: pool.rectified)
  }

  func group(for inputs: [[Int]]) -> Int { convolution.group(for: inputs, followedBy: pool) }

  func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    guard let pool = pool.fused(with: next, shape: shape)?.first as? MaxPool else { return nil }
    return [PooledConvolution(convolution, pool)]
  }
}

/// In one pass where the convolution's kernel can; otherwise group of images by group, so that what
/// lies between the two stays in the caches.
private struct PooledConvolutionOperation: ExampleGradientOperation {
  let convolution: ConvolutionOperation
  /// The maximum's.
  let window: Window
  let capacity: Int
  let rectified: Bool

  private var middleSize: Int { window.channels * window.height * window.width }
  private var outputSize: Int { window.channels * window.outHeight * window.outWidth }
  private var group: Int { min(convolution.group, capacity) }
  /// Bytes an image for the maxima's places, where the convolution takes the maxima itself.
  private var placeCount: Int? { convolution.placeCount(window) }

  /// True where the convolution computes its weights' gradients from those of the maxima.
  private var sumsMaxima: Bool { placeCount != nil && convolution.weightGradient != nil }

  /// The convolution's result, or its gradient, for a group; then the convolution's own scratch.
  private var middleCount: Int {
    let isNeeded = placeCount == nil || convolution.trains && !sumsMaxima
    return isNeeded ? (group * middleSize + 15) / 16 * 16 : 0
  }
  var scratchCount: Int { middleCount + convolution.scratchCount }
  /// Where the maxima came from.
  var savedCount: Int {
    let bytes = placeCount ?? outputSize * MemoryLayout<UInt16>.size
    return (capacity * bytes + 3) / 4
  }
  var backwardReads: BackwardReads { [.inputsForParameters] }

  private func choices(_ call: Call) -> UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(call.saved).assumingMemoryBound(to: UInt16.self)
  }

  func forward(_ call: Call) {
    if placeCount != nil {
      return convolution.forward(
        call, places: UnsafeMutableRawPointer(call.saved), rectified: rectified)
    }
    forEachGroup(call) { call, first in
      convolution.forward(call)
      images(call.count).maximum(
        of: call.output, into: first.output, choices: choices(first), rectified: rectified)
    }
  }

  func backward(_ call: Call) {
    if placeCount != nil {
      return convolution.backward(call, places: UnsafeMutableRawPointer(call.saved))
    }
    forEachGroup(call) { call, first in
      images(call.count).maximumGradient(
        first.outputGradient, choices: choices(first), into: call.outputGradient)
      convolution.backward(call)
    }
  }

  func addParameterGradients(_ call: Call, to sums: [GradientBuffer]) {
    if sumsMaxima {
      return convolution.addParameterGradients(
        call, places: UnsafeMutableRawPointer(call.saved), to: sums)
    }
    forEachGroup(call) { call, first in
      images(call.count).maximumGradient(
        first.outputGradient, choices: choices(first), into: call.outputGradient)
      convolution.addParameterGradients(call, to: sums)
    }
  }

  var keptCount: Int { convolution.keptCount }

  func measureParameterGradients(_ call: Call, squaredNorms: UnsafeMutablePointer<Double>) {
    if sumsMaxima {
      return convolution.measureParameterGradients(
        call, places: UnsafeMutableRawPointer(call.saved), squaredNorms: squaredNorms)
    }
    var next = squaredNorms
    forEachGroup(call) { call, first in
      images(call.count).maximumGradient(
        first.outputGradient, choices: choices(first), into: call.outputGradient)
      convolution.measureParameterGradients(call, squaredNorms: next)
      next += call.count
    }
  }

  func addKeptGradients(
    _ call: Call, scaledBy factors: UnsafePointer<Float>, to sums: [GradientBuffer]
  ) {
    convolution.addKeptGradients(call, scaledBy: factors, to: sums)
  }

  private func images(_ count: Int) -> Window {
    var images = window
    images.channels = window.channels * count
    return images
  }

  /// Calls `body` with the convolution's call for a group of examples, and the whole's call from
  /// the group's first example on.
  private func forEachGroup(_ call: Call, _ body: (Call, Call) -> Void) {
    for start in stride(from: 0, to: call.count, by: group) {
      var first = call
      first.skipped = start
      first.kept += start * convolution.keptStride
      first.output += start * outputSize
      first.outputGradient += start * outputSize
      first.saved = UnsafeMutableRawPointer(choices(call) + start * outputSize)
        .assumingMemoryBound(to: Float.self)
      var inner = first
      inner.count = min(group, call.count - start)
      inner.output = call.scratch
      inner.outputGradient = call.scratch
      inner.scratch = call.scratch + middleCount
      body(inner, first)
    }
  }
}
