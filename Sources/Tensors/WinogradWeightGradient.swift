internal import CKernels

/// The gradient of a ``WinogradConvolution`` with respect to its weights and biases, by the adjoint
/// of its transforms: with outputs `Y = A^T [(G g G^T) . (B^T d B)] A` for a tile,
///
///     dg = G^T [sum over tiles and images of (A dY A^T) . (B^T d B)] G
///
/// A fifth of the operations of a plain sum for a 5 x 5 kernel and a quarter for 3 x 3. The largest
/// difference from double precision is below 1e-5 of the largest value.
public struct WinogradWeightGradient: Sendable {
  private let shape: Shape

  /// What the kernel needs to know, as it stores it.
  private struct Shape: @unchecked Sendable { var raw: ck_winograd }

  /// True where there is a kernel: for a ``WinogradConvolution`` at stride 1.
  public static func fits(_ window: Window) -> Bool {
    WinogradConvolution.fits(window) && window.stride == .init(1, 1)
  }

  /// - Parameters:
  ///   - window: for which `fits` holds.
  ///   - filters: of the convolution.
  public init(_ window: Window, filters: Int) {
    precondition(Self.fits(window), "no kernel for \(window)")
    shape = Shape(
      raw: ck_winograd(
        kernel: Int32(window.kernel.y), stride: 1, adjoint: 0,
        in_channels: Int32(window.channels), in_height: Int32(window.height),
        in_width: Int32(window.width), out_channels: Int32(filters),
        out_height: Int32(window.outHeight), out_width: Int32(window.outWidth),
        pad_top: Int32(window.padTop), pad_left: Int32(window.padLeft), group: 1, ties: 0,
        refine: Int32(CK_REFINE_NONE)))
  }

  /// Floats of scratch memory that `run` needs for up to `count` images, aligned to 64 bytes.
  public func scratchCount(_ count: Int) -> Int {
    var raw = shape.raw
    return ck_winograd_weights_scratch_count(&raw, count)
  }

  /// Sums over images in order; what comes of some of them in one call and the rest in the next may
  /// differ by roundings from what comes of all in one.
  ///
  /// - Parameters:
  ///   - images: `[count, channels, height, width]`, what was convolved.
  ///   - gradient: of the loss with respect to the values, or to their maxima.
  ///   - places: where the maxima came from, as `WinogradConvolution.run` left it; nil without.
  ///   - adds: adds to what is there.
  ///   - weights: `[filters, channels, r, r]`.
  ///   - bias: `[filters]`.
  public func run(
    _ images: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
    places: UnsafePointer<UInt8>? = nil, count: Int, adds: Bool,
    weights: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>? = nil,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var raw = shape.raw
    ck_winograd_weights(
      &raw, images, gradient, places, adds ? 1 : 0, weights, bias, count, scratch)
  }
}
