internal import CKernels

/// A window that slides over images `[channels, height, width]`: convolution and pooling geometry.
///
/// Output extents are given, so that both rounding directions can be expressed; positions outside
/// the image read as absent (zero, or ignored by a maximum).
public struct Window: Sendable, Equatable {
  public var channels, height, width: Int
  public var kernel, stride, dilation: Pair
  /// Less than 0 where the first window begins inside the image.
  public var padTop, padLeft: Int
  public var outHeight, outWidth: Int

  /// Two extents, vertical first.
  public struct Pair: Sendable, Equatable, Codable {
    public var y, x: Int
    public init(_ y: Int, _ x: Int) {
      self.y = y
      self.x = x
    }
  }

  public init(
    channels: Int, height: Int, width: Int, kernel: Pair, stride: Pair, dilation: Pair,
    padTop: Int, padLeft: Int, outHeight: Int, outWidth: Int
  ) {
    self.channels = channels
    self.height = height
    self.width = width
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padTop = padTop
    self.padLeft = padLeft
    self.outHeight = outHeight
    self.outWidth = outWidth
  }

  /// True for windows of 2 x 2 at stride 2 without padding.
  public var isTwoByTwo: Bool {
    let two = Pair(2, 2)
    return kernel == two && stride == two && dilation == Pair(1, 1) && padTop == 0 && padLeft == 0
  }

  /// `columns[(channel, ky, kx), (oy, ox)]` from one image.
  public func columns(of image: UnsafePointer<Float>, into columns: UnsafeMutablePointer<Float>) {
    var window = raw
    ck_im2col(&window, image, columns)
  }

  /// The same, packed as the right side of a product (``PackedMatrix``).
  /// - Parameter row: room for `outHeight * outWidth` floats.
  public func packedColumns(
    of image: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>,
    row: UnsafeMutablePointer<Float>
  ) {
    var window = raw
    ck_im2col_packed(&window, image, packed, row)
  }

  /// The adjoint of `columns(of:into:)`, added to `image`.
  public func addColumns(
    _ columns: UnsafePointer<Float>, to image: UnsafeMutablePointer<Float>
  ) {
    var window = raw
    ck_col2im(&window, columns, image)
  }

  /// Maximum pooling; see `ck_max_pool`.
  public func maximum(
    of image: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>,
    choices: UnsafeMutablePointer<UInt16>, rectified: Bool
  ) {
    var window = raw
    ck_max_pool(&window, image, result, choices, rectified ? 1 : 0)
  }

  /// The gradient of `maximum` with respect to the image, which is overwritten.
  public func maximumGradient(
    _ gradient: UnsafePointer<Float>, choices: UnsafePointer<UInt16>,
    into image: UnsafeMutablePointer<Float>
  ) {
    var window = raw
    ck_max_pool_gradient(&window, gradient, choices, image)
  }

  var raw: ck_window {
    ck_window(
      channels: Int32(channels), height: Int32(height), width: Int32(width),
      kernel_height: Int32(kernel.y), kernel_width: Int32(kernel.x),
      stride_height: Int32(stride.y), stride_width: Int32(stride.x),
      dilation_height: Int32(dilation.y), dilation_width: Int32(dilation.x),
      pad_top: Int32(padTop), pad_left: Int32(padLeft), out_height: Int32(outHeight),
      out_width: Int32(outWidth))
  }
}
