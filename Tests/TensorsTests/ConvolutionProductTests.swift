import Tensors
import Testing

/// Pieces of rows are the whole: against the definition in double precision.
@Suite struct ConvolutionProductTests {
  struct Case: Sendable, CustomStringConvertible {
    var channels: Int, height: Int, width: Int
    var filters: Int
    var kernel = 3, stride = 1, dilation = 1, pad = 0, groups = 1
    var description: String {
      "\(channels)x\(height)x\(width) \(kernel)/\(stride)/\(dilation) \(pad), \(filters), \(groups)"
    }
    var window: Window {
      let reach = (kernel - 1) * dilation
      return Window(
        channels: channels, height: height, width: width, kernel: .init(kernel, kernel),
        stride: .init(stride, stride), dilation: .init(dilation, dilation), padTop: pad,
        padLeft: pad, outHeight: (height + 2 * pad - reach - 1) / stride + 1,
        outWidth: (width + 2 * pad - reach - 1) / stride + 1)
    }
  }

  // Columns of several MiB, so that there are several pieces.
  static let cases = [
    Case(channels: 40, height: 67, width: 35, filters: 3, pad: 1),
    Case(channels: 130, height: 61, width: 60, filters: 3, stride: 2, pad: 1),
    Case(channels: 30, height: 67, width: 66, filters: 2, dilation: 2, pad: 2),
    Case(channels: 60, height: 67, width: 66, filters: 4, pad: 1, groups: 2),
    Case(channels: 300, height: 67, width: 66, filters: 5, kernel: 1),
    Case(channels: 2, height: 67, width: 66, filters: 300, kernel: 1),
    Case(channels: 300, height: 131, width: 130, filters: 2, kernel: 1, stride: 2),
  ]

  @Test(arguments: cases) func agreesWithItsDefinition(_ test: Case) {
    let window = test.window
    let depth = test.channels / test.groups * test.kernel * test.kernel
    let random = RandomKey(seed: 11, purpose: .test)
    let weights = random.normals(test.filters * depth)
    let bias = random.drawing(1).normals(test.filters)
    let pixels = window.outHeight * window.outWidth
    let (inputs, outputs) = (test.channels * test.height * test.width, test.filters * pixels)
    let images = random.drawing(2).normals(2 * inputs)
    let gradient = random.drawing(3).normals(2 * outputs)
    let kernel = ConvolutionProduct(
      window, filters: test.filters, weights: weights, bias: bias, groups: test.groups,
      hasGradient: true)
    let scratch = AlignedBuffer(count: kernel.scratchCount)
    #expect(kernel.scratchCount < 2 << 20)
    var result = [Float](repeating: .nan, count: 2 * outputs)
    var back = [Float](repeating: .nan, count: 2 * inputs)
    kernel.run(images, count: 2, result: &result, scratch: scratch.pointer)
    kernel.gradient(gradient, count: 2, into: &back, scratch: scratch.pointer)

    // Of the second image.
    var expected = (0..<outputs).map { Double(bias[$0 / pixels]) }
    var expectedBack = [Double](repeating: 0, count: inputs)
    let (perGroup, channels) = (test.filters / test.groups, test.channels / test.groups)
    expected.withUnsafeMutableBufferPointer { expected in
      expectedBack.withUnsafeMutableBufferPointer { expectedBack in
        for filter in 0..<test.filters {
          for output in 0..<pixels {
            for tap in 0..<depth {
              let (channel, ky, kx) = (
                tap / (test.kernel * test.kernel), tap / test.kernel % test.kernel,
                tap % test.kernel
              )
              let y = output / window.outWidth * test.stride + ky * test.dilation - test.pad
              let x = output % window.outWidth * test.stride + kx * test.dilation - test.pad
              guard (0..<test.height).contains(y), (0..<test.width).contains(x) else { continue }
              let input =
                ((filter / perGroup * channels + channel) * test.height + y) * test.width + x
              let weight = Double(weights[filter * depth + tap])
              expected[filter * pixels + output] += weight * Double(images[inputs + input])
              expectedBack[input] +=
                weight * Double(gradient[outputs + filter * pixels + output])
            }
          }
        }
      }
    }
    for (values, expected) in [(result[outputs...], expected), (back[inputs...], expectedBack)] {
      let largest = expected.reduce(0) { max($0, abs($1)) }
      #expect(zip(values, expected).allSatisfy { abs(Double($0) - $1) <= 2e-6 * largest })
    }
  }
}
