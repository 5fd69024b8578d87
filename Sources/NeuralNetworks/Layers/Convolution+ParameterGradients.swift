internal import Tensors

/// Gradients of the weights, summed over examples: by the adjoint of Winograd's transforms where
/// the forward pass goes by them at stride 1, else as a product with the windows as columns.
extension ConvolutionOperation {
  /// Floats of scratch memory.
  var weightScratchCount: Int {
    guard trains else { return 0 }
    return weightGradient?.scratchCount(capacity)
      ?? window.channels * window.kernel.y * window.kernel.x * pixels
  }

  func addParameterGradients(_ call: Call, to sums: [GradientBuffer]) {
    addParameterGradients(call, places: nil, to: sums)
  }

  /// The same; with `places`, which need `weightGradient`, for what `forward` with them yielded.
  func addParameterGradients(
    _ call: Call, places: UnsafeMutableRawPointer?, to sums: [GradientBuffer]
  ) {
    mask(call)
    if let weightGradient {
      return weightGradient.run(
        images(call), gradient: call.outputGradient,
        places: places?.assumingMemoryBound(to: UInt8.self), count: call.count, adds: true,
        weights: sums[0].sum, bias: bias == nil ? nil : sums[1].sum, scratch: call.scratch)
    }
    let perGroup = filters / groups
    for example in 0..<call.count {
      let columns = columns(of: images(call) + example * inputSize, call)
      let gradient = call.outputGradient + example * filters * pixels
      for group in 0..<groups {
        addRowProducts(
          gradient + group * perGroup * pixels, columns + group * columnRows * pixels,
          rows: perGroup, columns: columnRows, depth: pixels,
          to: sums[0].sum + group * perGroup * columnRows)
      }
      if bias != nil { addRowSums(of: gradient, rows: filters, columns: pixels, to: sums[1].sum) }
    }
  }

  /// The windows of an image as columns.
  func columns(of image: UnsafePointer<Float>, _ call: Call) -> UnsafePointer<Float> {
    window.columns(of: image, into: call.scratch)
    return UnsafePointer(call.scratch)
  }

  /// Lets only the gradients of what was positive through.
  func mask(_ call: Call) {
    guard rectified else { return }
    let count = call.count * filters * pixels
    if keepsSigns { return Signs.apply(call.saved, to: call.outputGradient, count: count) }
    rectifierGradient(
      call.outputGradient, at: call.output, count: count, into: call.outputGradient)
  }
}
