import NeuralNetworks
import Tensors

/// Every route of a convolution for every shape of interest, forward and for the gradient: what the
/// choice of a route is fitted to.
enum ConvolutionBenchmarks {
  /// Square images and kernels, "same" padding.
  struct Shape {
    var channels: Int, size: Int, filters: Int, kernel: Int
    var stride = 1

    var name: String { "convolution-\(channels)x\(size)x\(size)-k\(kernel)s\(stride)-\(filters)" }
    var layer: Convolution {
      let fanIn = Float(channels * kernel * kernel)
      let weights = RandomKey(seed: 6, purpose: .test).normals(filters * channels * kernel * kernel)
      return Convolution(
        weight: Tensor(
          shape: [filters, channels, kernel, kernel],
          values: weights.map { $0 / fanIn.squareRoot() }),
        stride: .init(stride, stride), padding: .init(all: kernel / 2))
    }
    var window: Window {
      let out = (size + 2 * (kernel / 2) - kernel) / stride + 1
      return Window(
        channels: channels, height: size, width: size, kernel: .init(kernel, kernel),
        stride: .init(stride, stride), dilation: .init(1, 1), padTop: kernel / 2,
        padLeft: kernel / 2, outHeight: out, outWidth: out)
    }
    var operations: Double {
      Double(2 * filters * window.outHeight * window.outWidth * channels * kernel * kernel)
    }
  }

  private static let shapes = [
    Shape(channels: 1, size: 28, filters: 32, kernel: 5),
    Shape(channels: 32, size: 14, filters: 64, kernel: 5),
    Shape(channels: 3, size: 32, filters: 128, kernel: 3),
    Shape(channels: 128, size: 16, filters: 128, kernel: 5),
    Shape(channels: 128, size: 8, filters: 256, kernel: 5),
    Shape(channels: 3, size: 64, filters: 64, kernel: 3),
    Shape(channels: 64, size: 64, filters: 64, kernel: 3),
    Shape(channels: 64, size: 64, filters: 128, kernel: 3, stride: 2),
    Shape(channels: 64, size: 64, filters: 128, kernel: 1, stride: 2),
    Shape(channels: 128, size: 32, filters: 128, kernel: 3),
    Shape(channels: 128, size: 32, filters: 256, kernel: 3, stride: 2),
    Shape(channels: 256, size: 16, filters: 256, kernel: 3),
    Shape(channels: 256, size: 16, filters: 512, kernel: 3, stride: 2),
    Shape(channels: 512, size: 8, filters: 512, kernel: 3),
    Shape(channels: 3, size: 64, filters: 64, kernel: 7, stride: 2),
    Shape(channels: 8, size: 28, filters: 16, kernel: 3),
    Shape(channels: 16, size: 28, filters: 16, kernel: 3),
    Shape(channels: 8, size: 14, filters: 16, kernel: 5),
  ]

  static let images = 16

  static let all = shapes.flatMap { shape in
    ["shallow", "winograd", "product", "openblas"].flatMap { route in
      [false, true].compactMap { isGradient in benchmark(shape, route, isGradient: isGradient) }
        + [weightBenchmark(shape, route)].compactMap { $0 }
    }
  }

  /// One way to compute it: values and result of all images.
  private typealias Run = (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void

  private static func benchmark(
    _ shape: Shape, _ route: String, isGradient: Bool
  ) -> Benchmark? {
    let window = shape.window
    let fitsShallow =
      isGradient ? ShallowConvolution.fitsGradient(window) : ShallowConvolution.fits(window)
    if route == "shallow" && !(fitsShallow && shape.channels <= 16) { return nil }
    if route == "winograd" && !WinogradConvolution.fits(window) { return nil }
    return Benchmark(
      work: "\(isGradient ? "gradient" : "forward")-\(route)", model: shape.name,
      operationsPerItem: shape.operations, chunk: images, usesThreads: false
    ) { _ in
      let inputs = shape.channels * shape.size * shape.size
      let outputs = shape.filters * window.outHeight * window.outWidth
      let (from, to) = isGradient ? (outputs, inputs) : (inputs, outputs)
      let values = AlignedBuffer(
        RandomKey(seed: 7, purpose: .test).normals(images * from))
      let result = AlignedBuffer(count: images * to)
      let run = kernel(shape, route, isGradient: isGradient)
      func error() -> Double {
        run(values.pointer, result.pointer)
        let example = (0..<from).map { Double(values.pointer[$0]) }
        let expected =
          isGradient
          ? gradient(shape, example)
          : shape.layer.evaluate([
            ReferenceTensor(shape: [shape.channels, shape.size, shape.size], values: example)
          ]).values
        return relativeError(
          UnsafeBufferPointer(start: result.pointer, count: expected.count), from: expected)
      }
      return .init(error: error, allowedError: 1e-4, itemsPerRun: images) {
        run(values.pointer, result.pointer)
      }
    }
  }

  private static func kernel(_ shape: Shape, _ route: String, isGradient: Bool) -> Run {
    let (window, filters, weights) = (shape.window, shape.filters, shape.layer.weight.values)
    switch route {
    case "shallow":
      let kernel = ShallowConvolution(
        window, filters: filters, weights: weights, hasGradient: isGradient)
      let scratch = AlignedBuffer(count: kernel.scratchCount)
      return isGradient
        ? { kernel.gradient($0, count: images, into: $1, scratch: scratch.pointer) }
        : { kernel.run($0, count: images, result: $1, scratch: scratch.pointer) }
    case "winograd":
      let kernel =
        isGradient
        ? WinogradConvolution(adjointOf: window, filters: filters, weights: weights)
        : WinogradConvolution(window, outChannels: filters, weights: weights)
      let scratch = AlignedBuffer(count: kernel.scratchCount)
      return { kernel.run($0, count: images, result: $1, scratch: scratch.pointer) }
    case "product":
      let kernel = ConvolutionProduct(
        window, filters: filters, weights: weights, hasGradient: isGradient)
      let scratch = AlignedBuffer(count: kernel.scratchCount)
      return isGradient
        ? { kernel.gradient($0, count: images, into: $1, scratch: scratch.pointer) }
        : { kernel.run($0, count: images, result: $1, scratch: scratch.pointer) }
    default: return openBLAS(window, filters, weights, isGradient: isGradient)
    }
  }

  /// Windows as columns and OpenBLAS, image by image: for comparison, no route of the package.
  private static func openBLAS(
    _ window: Window, _ filters: Int, _ weights: [Float], isGradient: Bool
  ) -> Run {
    let depth = window.channels * window.kernel.y * window.kernel.x
    let pixels = window.outHeight * window.outWidth
    let size = window.channels * window.height * window.width
    let columns = AlignedBuffer(count: depth * pixels)
    if isGradient {
      return { gradient, result in
        for image in 0..<images {
          BLAS.multiply(
            weights, transposeA: true, gradient + image * filters * pixels, m: depth, n: pixels,
            k: filters, into: columns.pointer)
          (result + image * size).update(repeating: 0, count: size)
          window.addColumns(columns.pointer, to: result + image * size)
        }
      }
    }
    return { values, result in
      for image in 0..<images {
        window.columns(of: values + image * size, into: columns.pointer)
        BLAS.multiply(
          weights, columns.pointer, m: filters, n: pixels, k: depth,
          into: result + image * filters * pixels)
      }
    }
  }

  /// The gradient with respect to one image in double precision, from its definition.
  private static func gradient(_ shape: Shape, _ outputs: [Double]) -> [Double] {
    let (window, kernel, pad) = (shape.window, shape.kernel, shape.kernel / 2)
    let weights = shape.layer.weight.values.map(Double.init)
    var result = [Double](repeating: 0, count: shape.channels * shape.size * shape.size)
    result.withUnsafeMutableBufferPointer { result in
      for (index, value) in outputs.enumerated() {
        let filter = index / (window.outHeight * window.outWidth)
        let top = index / window.outWidth % window.outHeight * shape.stride - pad
        let left = index % window.outWidth * shape.stride - pad
        for ky in max(0, -top)..<min(kernel, shape.size - top) {
          for kx in max(0, -left)..<min(kernel, shape.size - left) {
            let weight = filter * shape.channels * kernel * kernel + ky * kernel + kx
            let pixel = (top + ky) * shape.size + left + kx
            for channel in 0..<shape.channels {
              result[channel * shape.size * shape.size + pixel] +=
                value * weights[weight + channel * kernel * kernel]
            }
          }
        }
      }
    }
    return result
  }
}
