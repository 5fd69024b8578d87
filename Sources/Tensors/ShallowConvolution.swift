internal import CKernels

/// A convolution of images with few channels, as the first of a network has, computed directly;
/// weights packed once.
///
/// Pixels of a row lie in the lanes, so that a result is one sum in a fixed order: relative error
/// as a plain sum's, and the bits of an example depend on that example alone. Where a 2 x 2 maximum
/// at stride 2 follows, it is taken before anything is written.
public struct ShallowConvolution: Sendable {
  private let window: Window
  private let filters: Int
  private let weights: AlignedBuffer
  private let adjoint: AlignedBuffer?
  private let bias: AlignedBuffer?

  /// True where there is a kernel for the forward pass: rows of at least 16 outputs.
  public static func fits(_ window: Window) -> Bool {
    window.outWidth >= 16 && window.padTop >= 0 && window.padLeft >= 0
  }

  /// True where there is a kernel for the gradient: a square kernel of 3, 5 or 7 at stride and
  /// dilation 1, less padding than kernel, images of at least 8 x 16.
  public static func fitsGradient(_ window: Window) -> Bool {
    fits(window) && window.kernel.y == window.kernel.x && [3, 5, 7].contains(window.kernel.y)
      && window.stride == .init(1, 1) && window.dilation == .init(1, 1)
      && window.padTop < window.kernel.y && window.padLeft < window.kernel.x
      && window.height >= 8 && window.width >= 16
  }

  /// - Parameters:
  ///   - window: for which `fits` holds.
  ///   - weights: `[filters, window.channels, window.kernel.y, window.kernel.x]`.
  ///   - bias: `[filters]`.
  ///   - hasGradient: packs the weights for `gradient` too; `fitsGradient` must hold.
  public init(
    _ window: Window, filters: Int, weights: UnsafePointer<Float>, bias: [Float]? = nil,
    hasGradient: Bool
  ) {
    precondition(Self.fits(window), "no kernel for \(window)")
    precondition(!hasGradient || Self.fitsGradient(window), "no gradient kernel for \(window)")
    self.window = window
    self.filters = filters
    self.bias = bias.map(AlignedBuffer.init)
    var raw = window.raw
    let count = ck_shallow_packed_count(&raw, Int32(filters))
    self.weights = AlignedBuffer(count: count)
    ck_shallow_pack(&raw, weights, Int32(filters), 0, self.weights.pointer)
    adjoint = hasGradient ? AlignedBuffer(count: count) : nil
    if let adjoint { ck_shallow_pack(&raw, weights, Int32(filters), 1, adjoint.pointer) }
  }

  /// Floats of scratch memory that `run` and `gradient` need, aligned to 64 bytes.
  public var scratchCount: Int {
    var raw = window.raw
    return max(
      ck_shallow_scratch_count(&raw, Int32(filters), 0),
      adjoint == nil ? 0 : ck_shallow_scratch_count(&raw, Int32(filters), 1))
  }

  /// True where `run` and `gradient` can be given the choices of a 2 x 2 maximum at stride 2.
  public var takesMaxima: Bool { window.outHeight % 2 == 0 && window.outWidth % 2 == 0 }

  /// `result[count, filters, outHeight, outWidth]` from `images`.
  ///
  /// - Parameter choices: if given, `result[count, filters, outHeight / 2, outWidth / 2]` receives
  ///   the maxima of 2 x 2 windows at stride 2 and this their places, as
  ///   ``Window/maximum(of:into:choices:rectified:)`` would; needs `takesMaxima`.
  public func run(
    _ images: UnsafePointer<Float>, count: Int, rectified: Bool = false,
    result: UnsafeMutablePointer<Float>, choices: UnsafeMutablePointer<UInt16>? = nil,
    scratch: UnsafeMutablePointer<Float>
  ) {
    precondition(choices == nil || takesMaxima, "no maxima of \(window)")
    var raw = window.raw
    ck_shallow_run(
      &raw, images, weights.pointer, bias?.pointer, Int32(filters), rectified ? 1 : 0, result,
      choices, count, scratch)
  }

  /// The gradient with respect to the images, which overwrites `result`.
  ///
  /// - Parameters:
  ///   - gradient: of the loss with respect to what `run` yielded.
  ///   - choices: what `run` left there, if it took maxima.
  public func gradient(
    _ gradient: UnsafePointer<Float>, choices: UnsafePointer<UInt16>? = nil, count: Int,
    into result: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    guard let adjoint else { preconditionFailure("weights were not packed for the gradient") }
    precondition(choices == nil || takesMaxima, "no maxima of \(window)")
    var raw = window.raw
    ck_shallow_gradient(
      &raw, gradient, choices, adjoint.pointer, Int32(filters), result, count, scratch)
  }
}
