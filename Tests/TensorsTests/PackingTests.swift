import Tensors
import Testing

/// Weights packed at the end, by several threads or again, are those packed at once.
@Suite struct PackingTests {
  private static let window = Window(
    channels: 20, height: 7, width: 9, kernel: .init(3, 3), stride: .init(1, 1),
    dilation: .init(1, 1), padTop: 1, padLeft: 1, outHeight: 7, outWidth: 9)
  private static let filters = 40

  /// What kernels of all kinds that take a packing yield with some weights.
  private static func results(
    _ draw: Int, _ packing: Packing?, threads: Int = 1
  ) -> [[Float]] {
    packing?.begin()
    let weights = RandomKey(seed: 3, purpose: .test, draw: draw).normals(filters * 20 * 9)
    let forward = WinogradConvolution(
      window, outChannels: filters, weights: weights, kink: .rectifier, packing: packing)
    let adjoint = WinogradConvolution(
      adjointOf: window, filters: filters, weights: weights, packing: packing)
    let matrix = PackedMatrix(
      weights, rows: 180, columns: filters, rowStride: 1, columnStride: 180, packing: packing)
    packing?.finish(threads: threads)
    let values = RandomKey(seed: 4, purpose: .test).normals(max(20, filters) * 63)
    let scratch = AlignedBuffer(count: max(forward.scratchCount, adjoint.scratchCount))
    var outputs = [Float](repeating: .nan, count: filters * 63)
    forward.run(values, count: 1, rectified: true, result: &outputs, scratch: scratch.pointer)
    var inputs = [Float](repeating: .nan, count: 20 * 63)
    adjoint.run(values, count: 1, result: &inputs, scratch: scratch.pointer)
    var products = [Float](repeating: .nan, count: 3 * filters)
    matrix.multiply(left: values, count: 3, result: &products)
    return [outputs, inputs, products]
  }

  @Test(arguments: [1, 2, 5]) func threadsAndRepetitionsChangeNoBit(threads: Int) {
    let packing = Packing()
    let expected = (0..<3).map { Self.results($0, nil) }
    for draw in [0, 1, 2, 0] {
      #expect(Self.results(draw, packing, threads: threads) == expected[draw])
    }
    #expect(expected[0] != expected[1])
    #expect(expected.joined().joined().allSatisfy { $0.isFinite })
  }
}
