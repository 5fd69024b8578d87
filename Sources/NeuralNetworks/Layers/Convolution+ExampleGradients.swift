internal import Tensors

/// Each example's gradient is computed by itself and kept until its factor is known: a product for
/// each example, as many operations as for the sum alone (only where the output has very few pixels
/// would inner products be cheaper, at the price of cancellation).
extension ConvolutionOperation: ExampleGradientOperation {
  var keptCount: Int { capacity * keptStride }

  /// Weights, then biases, each from one cache line to another.
  private var keptStride: Int { biasOffset + (filters + 15) / 16 * 16 }
  private var biasOffset: Int { (weightCount + 15) / 16 * 16 }
  private var weightCount: Int { filters * columnRows }

  func measureParameterGradients(_ call: Call, squaredNorms: UnsafeMutablePointer<Double>) {
    mask(call)
    let perGroup = filters / groups
    let ones = [Float](repeating: 1, count: pixels)
    for example in 0..<call.count {
      let weights = call.kept + example * keptStride
      let columns = columns(of: call.inputs[0] + example * inputSize, call)
      let gradient = call.outputGradient + example * filters * pixels
      for group in 0..<groups {
        BLAS.multiply(
          gradient + group * perGroup * pixels, columns + group * columnRows * pixels,
          transposeB: true, m: perGroup, n: columnRows, k: pixels,
          into: weights + group * perGroup * columnRows)
      }
      squaredNorms[example] += dot(weights, weights, count: weightCount)
      guard bias != nil else { continue }
      let biases = weights + biasOffset
      for filter in 0..<filters {
        biases[filter] = Float(dot(gradient + filter * pixels, ones, count: pixels))
      }
      squaredNorms[example] += dot(biases, biases, count: filters)
    }
  }

  func addKeptGradients(
    _ call: Call, scaledBy factors: UnsafePointer<Float>, to sums: [UnsafeMutablePointer<Float>]
  ) {
    addScaled(call.kept, by: factors, examples: call.count, to: sums[0], count: weightCount)
    guard bias != nil else { return }
    addScaled(
      call.kept + biasOffset, by: factors, examples: call.count, to: sums[1], count: filters)
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
