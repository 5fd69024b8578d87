import NeuralNetworks
import Tensors

extension ConvolutionBenchmarks {
  /// Gradients of the weights, summed over the images, by one route; nil where it has none.
  static func weightBenchmark(_ shape: Shape, _ route: String) -> Benchmark? {
    let window = shape.window
    switch route {
    case "winograd" where WinogradWeightGradient.fits(window): break
    case "product", "openblas": break
    default: return nil
    }
    return Benchmark(
      work: "weights-\(route)", model: shape.name, operationsPerItem: shape.operations,
      chunk: images, usesThreads: false
    ) { _ in
      let inputSize = shape.channels * shape.size * shape.size
      let outputSize = shape.filters * window.outHeight * window.outWidth
      let key = RandomKey(seed: 7, purpose: .test)
      let inputs = AlignedBuffer(key.normals(images * inputSize))
      let gradients = AlignedBuffer(key.drawing(1).normals(images * outputSize))
      let depth = shape.channels * shape.kernel * shape.kernel
      let result = AlignedBuffer(count: shape.filters * depth)
      let run = weightKernel(shape, route, inputs, gradients, result)
      func error() -> Double {
        run()
        // Every weight of the first and the last filter.
        let filters = [0, shape.filters - 1]
        return relativeError(
          filters.flatMap { UnsafeBufferPointer(start: result.pointer + $0 * depth, count: depth) },
          from: filters.flatMap {
            weightGradient(shape, $0, inputs.pointer, gradients.pointer)
          })
      }
      return .init(error: error, allowedError: 1e-5, itemsPerRun: images, run: run)
    }
  }

  /// The work that is timed; it keeps the buffers.
  private static func weightKernel(
    _ shape: Shape, _ route: String, _ inputs: AlignedBuffer, _ gradients: AlignedBuffer,
    _ result: AlignedBuffer
  ) -> () -> Void {
    let (window, filters) = (shape.window, shape.filters)
    if route == "winograd" {
      let kernel = WinogradWeightGradient(window, filters: filters)
      let scratch = AlignedBuffer(count: kernel.scratchCount(images))
      return {
        kernel.run(
          inputs.pointer, gradient: gradients.pointer, count: images, adds: false,
          weights: result.pointer, scratch: scratch.pointer)
      }
    }
    let depth = shape.channels * shape.kernel * shape.kernel
    let pixels = window.outHeight * window.outWidth
    let size = shape.channels * shape.size * shape.size
    let columns = AlignedBuffer(count: depth * pixels)
    return {
      result.pointer.update(repeating: 0, count: filters * depth)
      for image in 0..<images {
        window.columns(of: inputs.pointer + image * size, into: columns.pointer)
        let gradient = gradients.pointer + image * filters * pixels
        if route == "product" {
          addRowProducts(
            gradient, columns.pointer, rows: filters, columns: depth, depth: pixels,
            to: result.pointer)
        } else {
          BLAS.multiply(
            gradient, columns.pointer, transposeB: true, m: filters, n: depth, k: pixels, beta: 1,
            into: result.pointer)
        }
      }
    }
  }

  /// The gradient of one filter's weights in double precision, from its definition.
  private static func weightGradient(
    _ shape: Shape, _ filter: Int, _ inputs: UnsafePointer<Float>,
    _ gradients: UnsafePointer<Float>
  ) -> [Double] {
    let (window, kernel, pad) = (shape.window, shape.kernel, shape.kernel / 2)
    let plane = shape.size * shape.size
    let pixels = window.outHeight * window.outWidth
    var result = [Double](repeating: 0, count: shape.channels * kernel * kernel)
    result.withUnsafeMutableBufferPointer { result in
      for image in 0..<images {
        for pixel in 0..<pixels {
          let gradient = Double(gradients[(image * shape.filters + filter) * pixels + pixel])
          let top = pixel / window.outWidth * shape.stride - pad
          let left = pixel % window.outWidth * shape.stride - pad
          for ky in max(0, -top)..<min(kernel, shape.size - top) {
            for kx in max(0, -left)..<min(kernel, shape.size - left) {
              let place = (top + ky) * shape.size + left + kx
              for channel in 0..<shape.channels {
                result[(channel * kernel + ky) * kernel + kx] +=
                  gradient * Double(inputs[(image * shape.channels + channel) * plane + place])
              }
            }
          }
        }
      }
    }
    return result
  }
}
