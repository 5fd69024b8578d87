internal import Tensors

/// Each example's gradient is computed by itself and kept until its factor is known: for each
/// example as many operations as for the sum alone, and under Winograd a transform back more (only
/// where the output has very few pixels would inner products be cheaper, at the price of
/// cancellation).
extension ConvolutionOperation: ExampleGradientOperation {
  var keptCount: Int { capacity * keptStride }

  /// Weights, then biases, each from one cache line to another.
  var keptStride: Int { biasOffset + (filters + 15) / 16 * 16 }
  private var biasOffset: Int { (weightCount + 15) / 16 * 16 }
  private var weightCount: Int { filters * columnRows }

  func measureParameterGradients(_ call: Call, squaredNorms: UnsafeMutablePointer<Double>) {
    measureParameterGradients(call, places: nil, squaredNorms: squaredNorms)
  }

  /// The same; with `places`, which need `weightGradient`, for what `forward` with them yielded.
  func measureParameterGradients(
    _ call: Call, places: UnsafeMutableRawPointer?, squaredNorms: UnsafeMutablePointer<Double>
  ) {
    mask(call)
    guard let weightGradient else { return measureProducts(call, squaredNorms: squaredNorms) }
    // What stands for one example among gradients and places.
    let gradientSize = places == nil ? filters * pixels : filters * pooledPixels
    let places = places?.assumingMemoryBound(to: UInt8.self)
    for example in 0..<call.count {
      let weights = call.kept + example * keptStride
      let biases = weights + biasOffset
      weightGradient.run(
        images(call) + example * inputSize,
        gradient: call.outputGradient + example * gradientSize,
        places: places.map { $0 + example * placeStride }, count: 1, adds: false,
        weights: weights, bias: bias == nil ? nil : biases, scratch: call.scratch)
      squaredNorms[example] += dot(weights, weights, count: weightCount)
      if bias != nil { squaredNorms[example] += dot(biases, biases, count: filters) }
    }
  }

  private func measureProducts(_ call: Call, squaredNorms: UnsafeMutablePointer<Double>) {
    let perGroup = filters / groups
    for example in 0..<call.count {
      let weights = call.kept + example * keptStride
      let columns = columns(of: images(call) + example * inputSize, call)
      let gradient = call.outputGradient + example * filters * pixels
      weights.update(repeating: 0, count: weightCount)
      for group in 0..<groups {
        addRowProducts(
          gradient + group * perGroup * pixels, columns + group * columnRows * pixels,
          rows: perGroup, columns: columnRows, depth: pixels,
          to: weights + group * perGroup * columnRows)
      }
      squaredNorms[example] += dot(weights, weights, count: weightCount)
      guard bias != nil else { continue }
      let biases = weights + biasOffset
      biases.update(repeating: 0, count: filters)
      addRowSums(of: gradient, rows: filters, columns: pixels, to: biases)
      squaredNorms[example] += dot(biases, biases, count: filters)
    }
  }

  func addKeptGradients(
    _ call: Call, scaledBy factors: UnsafePointer<Float>, to sums: [GradientBuffer]
  ) {
    addScaled(call.kept, by: factors, examples: call.count, to: sums[0].sum, count: weightCount)
    guard bias != nil else { return }
    addScaled(
      call.kept + biasOffset, by: factors, examples: call.count, to: sums[1].sum, count: filters)
  }

  /// Piece by piece, so that a piece of the sum stays in cache while the examples pass.
  private func addScaled(
    _ kept: UnsafePointer<Float>, by factors: UnsafePointer<Float>, examples: Int,
    to sum: UnsafeMutablePointer<Float>, count: Int
  ) {
    let piece = 2048
    for start in stride(from: 0, to: count, by: piece) {
      let size = min(piece, count - start)
      for example in 0..<examples where factors[example] != 0 {
        addOuterProducts(
          factors + example, kept + example * keptStride + start, rows: 1, columns: size,
          count: 1, to: sum + start)
      }
    }
  }
}
