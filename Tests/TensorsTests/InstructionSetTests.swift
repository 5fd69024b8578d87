import CKernels
import Tensors
import Testing

/// The same source compiled for several instruction sets gives the same bits where all of them have
/// fused multiply-add, and nearly the same where not. The choice is the calling thread's.
@Suite struct InstructionSetTests {
  private func results() -> [[Float]] {
    let random = RandomKey(seed: 2, purpose: .test)
    let left = random.normals(5 * 300)
    let right = random.drawing(1).normals(300 * 45)
    var product = [Float](repeating: 0, count: 5 * 45)
    PackedMatrix(right, rows: 300, columns: 45, rowStride: 45, columnStride: 1)
      .multiply(left: left, count: 5, result: &product)
    var sums = random.drawing(5).normals(11 * 53)
    addOuterProducts(left, right, rows: 11, columns: 53, count: 20, to: &sums)
    var results = [product, random.normals(1000), sums, [Float(dot(left, right, count: 1499))]]
    for depth in [7, 64, 135] {
      var products = random.drawing(14).normals(9 * 11)
      addRowProducts(left, right, rows: 9, columns: 11, depth: depth, to: &products)
      var rows = random.drawing(15).normals(9)
      addRowSums(of: left, rows: 9, columns: depth, to: &rows)
      results += [products, rows]
    }
    // Signs as bits, of a number that is no multiple of 16.
    var signs = [UInt16](repeating: 0, count: 7)
    ck_keep_signs(&signs, left, 105)
    var masked = [Float](repeating: 0, count: 105)
    ck_apply_signs(&masked, right, signs, 105)
    results += [signs.map(Float.init), masked]
    // A stride of 2, there and back.
    let strided = Window(
      channels: 20, height: 9, width: 10, kernel: .init(3, 3), stride: .init(2, 2),
      dilation: .init(1, 1), padTop: 1, padLeft: 1, outHeight: 5, outWidth: 5)
    let filters = random.drawing(2).normals(24 * 20 * 9)
    let halving = WinogradConvolution(
      strided, outChannels: 24, weights: filters, kink: .rectifier)
    let doubling = WinogradConvolution(adjointOf: strided, filters: 24, weights: filters)
    let space = AlignedBuffer(count: max(halving.scratchCount, doubling.scratchCount))
    var half = [Float](repeating: 0, count: 2 * 24 * 25)
    var whole = random.drawing(4).normals(2 * 20 * 90)
    halving.run(whole, count: 2, rectified: true, result: &half, scratch: space.pointer)
    doubling.run(half, count: 2, result: &whole, scratch: space.pointer)
    results += [half, whole]
    for kernel in [3, 5] {
      let window = Window(
        channels: 20, height: 9, width: 10, kernel: .init(kernel, kernel), stride: .init(1, 1),
        dilation: .init(1, 1), padTop: 1, padLeft: 2, outHeight: 9, outWidth: 10)
      let weights = random.drawing(2).normals(24 * 20 * kernel * kernel)
      let convolution = WinogradConvolution(
        window, outChannels: 24, weights: weights, bias: random.drawing(3).normals(24))
      let images = random.drawing(4).normals(2 * 20 * 90)
      var output = [Float](repeating: 0, count: 2 * 24 * 90)
      let scratch = AlignedBuffer(count: convolution.scratchCount)
      convolution.run(images, count: 2, rectified: true, result: &output, scratch: scratch.pointer)
      results.append(output)
      // Refined maxima, and the gradient put back where they came from.
      let pooling = WinogradConvolution(
        window, outChannels: 24, weights: weights, kink: .maximum(twoByTwo: true))
      let adjoint = WinogradConvolution(adjointOf: window, filters: 24, weights: weights)
      let size = max(pooling.scratchCount, adjoint.scratchCount)
      let working = AlignedBuffer(count: size)
      var maxima = [Float](repeating: 0, count: 2 * 24 * 20)
      var places = [UInt8](repeating: 0, count: 2 * pooling.placeCount)
      pooling.run(
        images, count: 2, rectified: true, result: &maxima, places: &places,
        scratch: working.pointer)
      var gradient = images
      adjoint.run(
        maxima, count: 2, result: &gradient, places: &places, scratch: working.pointer)
      results += [maxima, gradient]
      // The weights' gradients, from gradients of the values and of the maxima.
      let weightGradient = WinogradWeightGradient(window, filters: 24)
      let room = AlignedBuffer(count: weightGradient.scratchCount(2))
      for usesPlaces in [false, true] {
        var (sums, biases) = (weights, random.drawing(12).normals(24))
        let cotangent = random.drawing(13).normals(2 * 24 * 90)
        places.withUnsafeBufferPointer {
          weightGradient.run(
            images, gradient: cotangent, places: usesPlaces ? $0.baseAddress : nil, count: 2,
            adds: true, weights: &sums, bias: &biases, scratch: room.pointer)
        }
        results += [sums, biases]
      }
    }
    return results + shallow(random) + lowered(random)
  }

  /// A strided convolution in two groups and its gradient.
  private func lowered(_ random: RandomKey) -> [[Float]] {
    let window = Window(
      channels: 6, height: 9, width: 10, kernel: .init(3, 2), stride: .init(2, 1),
      dilation: .init(1, 2), padTop: 1, padLeft: 1, outHeight: 5, outWidth: 10)
    let convolution = ConvolutionProduct(
      window, filters: 8, weights: random.drawing(9).normals(8 * 3 * 6),
      bias: random.drawing(10).normals(8), groups: 2, hasGradient: true)
    let scratch = AlignedBuffer(count: convolution.scratchCount)
    let images = random.drawing(11).normals(2 * 6 * 90)
    var values = [Float](repeating: 0, count: 2 * 8 * 50)
    convolution.run(images, count: 2, result: &values, scratch: scratch.pointer)
    var gradient = images
    convolution.gradient(values, count: 2, into: &gradient, scratch: scratch.pointer)
    return [values, gradient]
  }

  /// A first layer: values, their maxima, and the gradient of either.
  private func shallow(_ random: RandomKey) -> [[Float]] {
    let (count, filters, channels, height, width) = (2, 6, 3, 10, 28)
    let window = Window(
      channels: channels, height: height, width: width, kernel: .init(5, 5), stride: .init(1, 1),
      dilation: .init(1, 1), padTop: 2, padLeft: 2, outHeight: height, outWidth: width)
    let convolution = ShallowConvolution(
      window, filters: filters, weights: random.drawing(5).normals(filters * channels * 25),
      bias: random.drawing(6).normals(filters), hasGradient: true)
    let scratch = AlignedBuffer(count: convolution.scratchCount)
    let images = random.drawing(7).normals(count * channels * height * width)
    let outputs = count * filters * height * width
    var values = [Float](repeating: 0, count: outputs)
    convolution.run(images, count: count, result: &values, scratch: scratch.pointer)
    var maxima = [Float](repeating: 0, count: outputs / 4)
    var choices = [UInt16](repeating: 0, count: outputs / 4)
    convolution.run(
      images, count: count, rectified: true, result: &maxima, choices: &choices,
      scratch: scratch.pointer)
    let cotangent = random.drawing(8).normals(outputs)
    var (plain, pooled) = (images, images)
    convolution.gradient(cotangent, count: count, into: &plain, scratch: scratch.pointer)
    convolution.gradient(
      cotangent, choices: choices, count: count, into: &pooled, scratch: scratch.pointer)
    return [values, maxima, plain, pooled]
  }

  @Test func setsAgree() {
    let best = ck_instruction_set()
    defer { ck_limit_instruction_set(Int32(CK_AVX512)) }
    let reference = results()
    if best == CK_AVX512 {
      #expect(ck_limit_instruction_set(Int32(CK_AVX2)) == CK_AVX2)
      #expect(results() == reference)
    }
    #expect(ck_limit_instruction_set(Int32(CK_PORTABLE)) == CK_PORTABLE)
    for (portable, expected) in zip(results(), reference) {
      let scale = expected.map(abs).max() ?? 1
      #expect(zip(portable, expected).allSatisfy { abs($0 - $1) <= 2e-5 * scale })
    }
  }
}
