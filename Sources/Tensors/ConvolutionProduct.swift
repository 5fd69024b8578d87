/// A convolution of any geometry as a matrix product with the windows as columns, image by image;
/// the error is that of a plain sum.
public struct ConvolutionProduct: Sendable {
  /// Of one group.
  private let window: Window
  private let filters: Int
  private let groups: Int
  /// `[groups, filters / groups, channels / groups * kernel]`.
  private let weights: AlignedBuffer
  /// The same transposed within each group; nil where there is no backward pass.
  private let transposed: AlignedBuffer?
  private let bias: AlignedBuffer?

  /// - Parameters:
  ///   - window: over all channels.
  ///   - weights: `[filters, window.channels / groups, window.kernel.y, window.kernel.x]`.
  ///   - bias: `[filters]`.
  ///   - groups: divides channels and filters; a group's filters read its channels only.
  ///   - hasGradient: keeps the weights for `gradient` too.
  public init(
    _ window: Window, filters: Int, weights: [Float], bias: [Float]? = nil, groups: Int = 1,
    hasGradient: Bool
  ) {
    precondition(filters % groups == 0 && window.channels % groups == 0, "\(groups) groups")
    var window = window
    window.channels /= groups
    let depth = window.channels * window.kernel.y * window.kernel.x
    precondition(weights.count == filters * depth, "\(weights.count) weights for \(window)")
    self.window = window
    self.filters = filters / groups
    self.groups = groups
    self.weights = AlignedBuffer(weights)
    self.bias = bias.map(AlignedBuffer.init)
    guard hasGradient else {
      transposed = nil
      return
    }
    let transposed = AlignedBuffer(count: weights.count)
    for row in 0..<filters {
      let (group, filter) = (row / self.filters, row % self.filters)
      for column in 0..<depth {
        transposed.pointer[(group * depth + column) * self.filters + filter] =
          weights[row * depth + column]
      }
    }
    self.transposed = transposed
  }

  private var pixels: Int { window.outHeight * window.outWidth }
  private var depth: Int { window.channels * window.kernel.y * window.kernel.x }
  private var imageSize: Int { window.channels * window.height * window.width }
  /// A 1 x 1 convolution reads its input as the columns.
  private var isPointwise: Bool {
    window.kernel == .init(1, 1) && window.stride == .init(1, 1) && window.padTop == 0
      && window.padLeft == 0 && window.outHeight == window.height
      && window.outWidth == window.width
  }

  /// Floats of scratch memory that `run` and `gradient` need, aligned to 64 bytes.
  public var scratchCount: Int {
    // The packed right side, then one row of it or the columns' gradient.
    let packed = PackedMatrix.count(rows: depth, columns: pixels) + pixels
    if transposed == nil { return packed }
    return max(packed, PackedMatrix.count(rows: filters, columns: pixels) + depth * pixels)
  }

  /// `result[count, filters, outHeight, outWidth]` from `images`.
  public func run(
    _ images: UnsafePointer<Float>, count: Int, rectified: Bool = false,
    result: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let row = scratch + PackedMatrix.count(rows: depth, columns: pixels)
    for part in 0..<count * groups {
      let group = part % groups
      let shift = bias.map { UnsafePointer($0.pointer + group * filters) }
      window.packedColumns(of: images + part * imageSize, into: scratch, row: row)
      PackedMatrix.multiply(
        left: weights.pointer + group * filters * depth, count: filters, packed: scratch,
        rows: depth, columns: pixels, shift: shift, rectified: rectified,
        result: result + part * filters * pixels)
    }
  }

  /// The gradient with respect to the images, which overwrites `result`.
  public func gradient(
    _ gradient: UnsafePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    guard let transposed else { preconditionFailure("weights were not kept for the gradient") }
    for part in 0..<count * groups {
      let image = result + part * imageSize
      let columns =
        isPointwise ? image : scratch + PackedMatrix.count(rows: filters, columns: pixels)
      PackedMatrix.pack(
        gradient + part * filters * pixels, rows: filters, columns: pixels, into: scratch)
      PackedMatrix.multiply(
        left: transposed.pointer + part % groups * filters * depth, count: depth, packed: scratch,
        rows: filters, columns: pixels, result: columns)
      if !isPointwise { window.addColumns(columns, into: image) }
    }
  }
}
