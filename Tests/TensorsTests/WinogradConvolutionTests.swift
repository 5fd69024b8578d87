import Tensors
import Testing

/// Against the definition in double precision, whatever route a network would take.
@Suite struct WinogradConvolutionTests {
  struct Case: Sendable, CustomStringConvertible {
    var kernel: Int, stride: Int
    /// Top and bottom, and left and right.
    var pads: [Int]
    var channels: Int, height: Int, width: Int
    var filters: Int
    var count = 3
    var description: String {
      "\(channels)x\(height)x\(width), \(kernel)x\(kernel)/\(stride), \(filters), \(pads)"
    }
    var window: Window {
      Window(
        channels: channels, height: height, width: width, kernel: .init(kernel, kernel),
        stride: .init(stride, stride), dilation: .init(1, 1), padTop: pads[0], padLeft: pads[2],
        outHeight: (height + pads[0] + pads[1] - kernel) / stride + 1,
        outWidth: (width + pads[2] + pads[3] - kernel) / stride + 1)
    }
  }

  static let cases = [
    Case(
      kernel: 3, stride: 1, pads: [1, 1, 1, 1], channels: 17, height: 9, width: 6, filters: 33),
    Case(
      kernel: 5, stride: 1, pads: [2, 2, 0, 4], channels: 5, height: 7, width: 10, filters: 3),
    Case(
      kernel: 3, stride: 2, pads: [1, 1, 1, 1], channels: 16, height: 9, width: 11, filters: 32),
    Case(
      kernel: 3, stride: 2, pads: [1, 0, 1, 0], channels: 20, height: 12, width: 14, filters: 40),
    Case(
      kernel: 3, stride: 2, pads: [0, 1, 0, 1], channels: 5, height: 16, width: 8, filters: 7),
    Case(
      kernel: 3, stride: 2, pads: [0, 0, 0, 0], channels: 16, height: 8, width: 21, filters: 33),
    Case(
      kernel: 3, stride: 2, pads: [1, 1, 1, 1], channels: 3, height: 3, width: 3, filters: 2),
    Case(
      kernel: 3, stride: 2, pads: [1, 2, 1, 3], channels: 2, height: 18, width: 17, filters: 16),
    Case(
      kernel: 3, stride: 2, pads: [1, 1, 1, 1], channels: 64, height: 8, width: 8, filters: 96,
      count: 67),
    // More tiles than meet the filters at a time, and a last band that is lower.
    Case(
      kernel: 3, stride: 1, pads: [1, 1, 1, 1], channels: 3, height: 45, width: 41, filters: 34),
    Case(
      kernel: 3, stride: 1, pads: [0, 2, 2, 0], channels: 17, height: 13, width: 300, filters: 2),
    Case(
      kernel: 5, stride: 1, pads: [2, 2, 2, 2], channels: 2, height: 50, width: 37, filters: 5),
    Case(
      kernel: 3, stride: 2, pads: [1, 1, 1, 1], channels: 2, height: 75, width: 83, filters: 3),
    Case(
      kernel: 3, stride: 2, pads: [0, 0, 0, 0], channels: 3, height: 66, width: 90, filters: 2),
  ]

  /// Calls `body(image, weight, output)` for every product of the sum that defines a convolution.
  private func forEachProduct(_ test: Case, _ body: (Int, Int, Int) -> Void) {
    let window = test.window
    for filter in 0..<test.filters {
      for oy in 0..<window.outHeight {
        for ox in 0..<window.outWidth {
          for channel in 0..<test.channels {
            for ky in 0..<test.kernel {
              for kx in 0..<test.kernel {
                let (y, x) = (
                  oy * test.stride + ky - test.pads[0], ox * test.stride + kx - test.pads[2]
                )
                guard (0..<test.height).contains(y), (0..<test.width).contains(x) else { continue }
                body(
                  (channel * test.height + y) * test.width + x,
                  ((filter * test.channels + channel) * test.kernel + ky) * test.kernel + kx,
                  (filter * window.outHeight + oy) * window.outWidth + ox)
              }
            }
          }
        }
      }
    }
  }

  private func expectEqual(_ values: ArraySlice<Float>, _ expected: [Double]) {
    let largest = expected.reduce(0) { max($0, abs($1)) }
    #expect(values.count == expected.count)
    #expect(zip(values, expected).allSatisfy { abs(Double($0) - $1) <= 1e-5 * largest })
  }

  @Test(arguments: cases) func agreesWithItsDefinition(_ test: Case) {
    let window = test.window
    let random = RandomKey(seed: 9, purpose: .test)
    let weights = random.normals(test.filters * test.channels * test.kernel * test.kernel)
    let bias = random.drawing(1).normals(test.filters)
    let (inputs, pixels) = (
      test.channels * test.height * test.width, window.outHeight * window.outWidth
    )
    let outputs = test.filters * pixels
    let images = random.drawing(2).normals(test.count * inputs)
    let gradient = random.drawing(3).normals(test.count * outputs)

    #expect(WinogradConvolution.fits(window))
    let forward = WinogradConvolution(
      window, outChannels: test.filters, weights: weights, bias: bias)
    let adjoint = WinogradConvolution(adjointOf: window, filters: test.filters, weights: weights)
    let scratch = AlignedBuffer(count: max(forward.scratchCount, adjoint.scratchCount))
    var result = [Float](repeating: .nan, count: test.count * outputs)
    var back = [Float](repeating: .nan, count: test.count * inputs)
    forward.run(images, count: test.count, result: &result, scratch: scratch.pointer)
    adjoint.run(gradient, count: test.count, result: &back, scratch: scratch.pointer)
    for image in [0, test.count - 1] {
      var expected = (0..<outputs).map { Double(bias[$0 / pixels]) }
      var expectedBack = [Double](repeating: 0, count: inputs)
      forEachProduct(test) { input, weight, output in
        let weight = Double(weights[weight])
        expected[output] += weight * Double(images[image * inputs + input])
        expectedBack[input] += weight * Double(gradient[image * outputs + output])
      }
      expectEqual(result[image * outputs..<(image + 1) * outputs], expected)
      expectEqual(back[image * inputs..<(image + 1) * inputs], expectedBack)
    }
  }

  /// More channels and filters than a panel of 32, more images than a group, in two calls.
  @Test(arguments: [
    Case(
      kernel: 3, stride: 1, pads: [1, 1, 1, 1], channels: 40, height: 8, width: 7, filters: 70,
      count: 20),
    Case(
      kernel: 5, stride: 1, pads: [2, 2, 2, 2], channels: 33, height: 9, width: 8, filters: 34,
      count: 12),
  ])
  func weightGradientsAreSumsOverImages(_ test: Case) {
    let window = test.window
    let pixels = window.outHeight * window.outWidth
    let (inputs, outputs) = (test.channels * test.height * test.width, test.filters * pixels)
    let random = RandomKey(seed: 12, purpose: .test)
    let images = random.normals(test.count * inputs)
    let gradient = random.drawing(1).normals(test.count * outputs)
    let kernel = WinogradWeightGradient(window, filters: test.filters)
    let first = test.count - 3
    let scratch = AlignedBuffer(count: kernel.scratchCount(first))
    var weights = [Float](
      repeating: .nan, count: test.filters * test.channels * test.kernel * test.kernel)
    var bias = [Float](repeating: .nan, count: test.filters)
    kernel.run(
      images, gradient: gradient, count: first, adds: false, weights: &weights, bias: &bias,
      scratch: scratch.pointer)
    kernel.run(
      Array(images[first * inputs..<test.count * inputs]),
      gradient: Array(gradient[first * outputs..<test.count * outputs]), count: 3, adds: true,
      weights: &weights, bias: &bias, scratch: scratch.pointer)
    var expected = [Double](repeating: 0, count: weights.count)
    var expectedBias = [Double](repeating: 0, count: bias.count)
    for image in 0..<test.count {
      forEachProduct(test) { input, weight, output in
        expected[weight] +=
          Double(images[image * inputs + input]) * Double(gradient[image * outputs + output])
      }
      for output in 0..<outputs {
        expectedBias[output / pixels] += Double(gradient[image * outputs + output])
      }
    }
    expectEqual(weights[...], expected)
    expectEqual(bias[...], expectedBias)
  }

  /// At any stride, in one band or several, what a ReLU decides is decided by the direct sum; sums
  /// that cancel to the last bit are left.
  @Test(arguments: [cases[3], cases[9], cases[11], cases[12]])
  func outputsNearZeroAreComputedDirectly(_ test: Case) {
    let window = test.window
    let taps = test.kernel * test.kernel
    let random = RandomKey(seed: 10, purpose: .test)
    // Where two channels are equal, sums all but vanish.
    var weights = random.normals(test.filters * test.channels * taps)
    for filter in 0..<test.filters {
      for tap in 0..<taps {
        let place = { (channel: Int) in (filter * test.channels + channel) * taps + tap }
        weights[place(1)] = -weights[place(0)] * (1 + 0x1p-20)
        for channel in 2..<test.channels { weights[place(channel)] = 0 }
      }
    }
    let size = test.height * test.width
    var image = random.drawing(1).normals(test.channels * size)
    for pixel in 0..<size where pixel % 29 > 0 { image[size + pixel] = image[pixel] }
    func run(_ kink: WinogradConvolution.Kink) -> [Float] {
      let kernel = WinogradConvolution(
        window, outChannels: test.filters, weights: weights, kink: kink)
      let scratch = AlignedBuffer(count: kernel.scratchCount)
      var result = [Float](
        repeating: .nan, count: test.filters * window.outHeight * window.outWidth)
      kernel.run(image, count: 1, result: &result, scratch: scratch.pointer)
      return result
    }
    var expected = [Double](repeating: 0, count: run(.none).count)
    forEachProduct(test) { input, weight, output in
      expected[output] += Double(weights[weight]) * Double(image[input])
    }
    let isWrong = { (values: [Float]) in
      zip(values, expected).filter { $0 != 0 && ($0 > 0) != ($1 > 0) }.count
    }
    #expect(isWrong(run(.none)) > 0)
    #expect(isWrong(run(.rectifier)) == 0)
  }

  @Test func doesNotFitWhatItCannotDo() {
    var window = Self.cases[2].window
    #expect(!WinogradConvolution.fits(window, kink: .maximum(twoByTwo: true)))
    #expect(WinogradConvolution.fits(window, kink: .rectifier))
    #expect(!WinogradWeightGradient.fits(window))
    window.padLeft = 0
    #expect(!WinogradConvolution.fits(window))
    (window.padTop, window.padLeft) = (2, 2)
    #expect(!WinogradConvolution.fits(window))
    window = Self.cases[1].window
    window.stride = .init(2, 2)
    #expect(!WinogradConvolution.fits(window))
  }
}
