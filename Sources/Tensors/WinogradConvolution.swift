internal import CKernels

/// A convolution with a 3 x 3 or 5 x 5 kernel at stride 1, or a 3 x 3 kernel at stride 2, by Winograd's
/// F(4 x 4, r x r), filters transformed once.
///
/// S. Winograd, *Arithmetic Complexity of Computations* (1980); A. Lavin, S. Gray, "Fast Algorithms
/// for Convolutional Neural Networks", 2016. At stride 2 the even places of a tile meet two of three
/// taps, by F(4, 2), and the odd places the third: 81 products for 144. Relative rms error 2e-6 to
/// 5e-6 in single precision, ten times that of a direct convolution; where the network branches on the
/// result (``Kink``), what is decided is as exact as there.
public struct WinogradConvolution: Sendable {
  private let shape: Shape
  private let filters: AlignedBuffer
  private let bias: AlignedBuffer?
  /// The weights for outputs that have to be computed directly, where there may be such.
  private let direct: AlignedBuffer?

  /// What decides on the outputs next.
  public enum Kink: Sendable, Equatable {
    /// Nothing sharp.
    case none
    /// A ReLU: outputs near zero are computed directly.
    case rectifier
    /// A maximum over windows, perhaps rectified: neighbouring patches that are equal to the bit
    /// give outputs that are equal to the bit; and for windows of 2 x 2 at stride 2, those whose
    /// largest values nearly meet are computed directly.
    case maximum(twoByTwo: Bool)
  }

  /// What the kernel needs to know, as it stores it.
  private struct Shape: @unchecked Sendable { var raw: ck_winograd }

  /// True where there is a kernel, in both directions: dilation 1 and a square kernel, of 3 or 5 at
  /// stride 1 and less padding than that; or of 3 at stride 2, padded by at most 1 at the top and as
  /// much at the left, unless a maximum follows.
  public static func fits(_ window: Window, kink: Kink = .none) -> Bool {
    guard window.kernel.y == window.kernel.x, window.dilation == .init(1, 1) else { return false }
    let (side, top, left) = (window.kernel.y, window.padTop, window.padLeft)
    if window.stride == .init(1, 1) {
      return [3, 5].contains(side) && (0..<side).contains(top) && (0..<side).contains(left)
    }
    if case .maximum = kink { return false }
    return window.stride == .init(2, 2) && side == 3 && top == left && [0, 1].contains(top)
  }

  /// - Parameters:
  ///   - window: for which `fits` holds.
  ///   - weights: `[outChannels, window.channels, r, r]`.
  ///   - kink: what follows.
  ///   - packing: which once finished makes it ready to run; nil: it is at once.
  public init(
    _ window: Window, outChannels: Int, weights: [Float], bias: [Float]? = nil,
    kink: Kink = .none, packing: Packing? = nil
  ) {
    precondition(Self.fits(window, kink: kink), "no kernel for \(window)")
    let (ties, refine): (Int32, Int) =
      switch kink {
      case .none: (0, CK_REFINE_NONE)
      case .rectifier: (0, CK_REFINE_ZEROS)
      case .maximum(let twoByTwo): (1, twoByTwo ? CK_REFINE_MAXIMA : CK_REFINE_NONE)
      }
    let raw = ck_winograd(
      kernel: Int32(window.kernel.y), stride: Int32(window.stride.y), adjoint: 0,
      in_channels: Int32(window.channels), in_height: Int32(window.height),
      in_width: Int32(window.width), out_channels: Int32(outChannels),
      out_height: Int32(window.outHeight), out_width: Int32(window.outWidth),
      pad_top: Int32(window.padTop), pad_left: Int32(window.padLeft),
      group: Self.group(window.outHeight, window.outWidth, side: 4), ties: ties,
      refine: Int32(refine))
    self.init(raw, weights, bias: bias, packing)
  }

  /// The gradient, with respect to the images, of the convolution over `window` that these weights,
  /// `[filters, window.channels, r, r]`, belong to. At stride 1, `run` may be given the gradient of
  /// maxima instead of that of the values.
  public init(
    adjointOf window: Window, filters: Int, weights: [Float], packing: Packing? = nil
  ) {
    precondition(Self.fits(window), "no kernel for \(window)")
    let isStrided = window.stride.y == 2
    let reach = isStrided ? 1 : window.kernel.y - 1
    let raw = ck_winograd(
      kernel: Int32(window.kernel.y), stride: Int32(window.stride.y), adjoint: 1,
      in_channels: Int32(filters), in_height: Int32(window.outHeight),
      in_width: Int32(window.outWidth), out_channels: Int32(window.channels),
      out_height: Int32(window.height), out_width: Int32(window.width),
      pad_top: Int32(reach - window.padTop), pad_left: Int32(reach - window.padLeft),
      group: Self.group(window.height, window.width, side: isStrided ? 8 : 4), ties: 0,
      refine: Int32(CK_REFINE_NONE))
    self.init(raw, weights, bias: nil, packing)
  }

  private init(_ raw: ck_winograd, _ weights: [Float], bias: [Float]?, _ packing: Packing?) {
    var raw = raw
    let shape = Shape(raw: raw)
    self.shape = shape
    self.bias = bias.map(AlignedBuffer.init)
    let panel = 32  // outputs
    filters = Packing.buffer(
      count: ck_winograd_filter_count(&raw), pieces: (Int(raw.out_channels) + panel - 1) / panel,
      in: packing
    ) { target, piece in
      var raw = shape.raw
      ck_winograd_pack(&raw, weights, Int32(piece * panel), target)
    }
    guard raw.refine != CK_REFINE_NONE else {
      direct = nil
      return
    }
    direct = Packing.buffer(
      count: ck_winograd_direct_count(&raw), pieces: 1, in: packing
    ) { target, _ in
      var raw = shape.raw
      ck_winograd_pack_direct(&raw, weights, target)
    }
  }

  /// Images transformed together.
  private static func group(_ height: Int, _ width: Int, side: Int) -> Int32 {
    let tiles = (height + side - 1) / side * ((width + side - 1) / side)
    return Int32(max(1, Int(CK_WINOGRAD_TILES) / tiles))
  }

  /// Images transformed together on the way forward.
  public static func group(_ window: Window) -> Int {
    Int(group(window.outHeight, window.outWidth, side: 4))
  }

  /// Floats of scratch memory that `run` needs, aligned to 64 bytes.
  public var scratchCount: Int {
    var raw = shape.raw
    return ck_winograd_scratch_count(&raw)
  }

  /// Bytes that say, for one image, where its maxima came from: what is convolved, or for the
  /// adjoint what its gradient belongs to, in windows of 2 x 2.
  public var placeCount: Int {
    let raw = shape.raw
    let isAdjoint = raw.adjoint != 0
    let (height, width) =
      isAdjoint ? (raw.in_height, raw.in_width) : (raw.out_height, raw.out_width)
    return Int(height / 2) * Int(width / 2)
      * ck_winograd_place_stride(isAdjoint ? raw.in_channels : raw.out_channels)
  }

  /// `result[count, outChannels, outHeight, outWidth]` from `images`.
  ///
  /// - Parameter places: if given, which needs a maximum to follow,
  ///   `result[count, outChannels, outHeight / 2, outWidth / 2]` receives the maxima of 2 x 2 windows
  ///   at stride 2, a last odd row or column left out, and this where they came from (`placeCount`
  ///   bytes an image). For the adjoint, `images` is the gradient of such maxima, and this what was
  ///   left of their places.
  public func run(
    _ images: UnsafePointer<Float>, count: Int, rectified: Bool = false,
    result: UnsafeMutablePointer<Float>, places: UnsafeMutablePointer<UInt8>? = nil,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var raw = shape.raw
    precondition(places == nil || raw.adjoint != 0 || raw.ties != 0, "made for no maximum")
    ck_winograd_run(
      &raw, images, filters.pointer, direct?.pointer, bias?.pointer, rectified ? 1 : 0, result,
      places, count, scratch)
  }
}
