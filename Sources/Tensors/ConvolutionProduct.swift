/// A convolution of any geometry as a matrix product with the windows as columns, image by image, in
/// pieces of some rows of outputs that stay in the caches; the error is that of a plain
/// sum.
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
  /// Rows of outputs that are computed together.
  private let pieceRows: Int

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
    pieceRows = Self.pieceRows(window, filters: filters / groups)
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

  /// Columns or gradients, whichever are more, of about 2 MiB: whole panels of 32 pixels, and pieces
  /// of nearly one size.
  private static func pieceRows(_ window: Window, filters: Int) -> Int {
    let depth = max(window.channels * window.kernel.y * window.kernel.x, filters)
    let pieces = max(depth * window.outWidth * window.outHeight / (1 << 19), 1)
    let rows = (window.outHeight + pieces - 1) / pieces
    var panel = 1  // rows that fill panels
    while panel * window.outWidth % 32 != 0 { panel *= 2 }
    return min((rows + panel - 1) / panel * panel, window.outHeight)
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
    let pixels = pieceRows * window.outWidth
    let packed = PackedMatrix.count(rows: depth, columns: pixels) + pixels
    if transposed == nil { return packed }
    return max(packed, PackedMatrix.count(rows: filters, columns: pixels) + depth * pixels)
  }

  /// Calls `body` with the window over some rows of outputs and the first of their pixels.
  private func forEachPiece(_ body: (Window, Int) -> Void) {
    for row in stride(from: 0, to: window.outHeight, by: pieceRows) {
      var piece = window
      piece.outHeight = min(pieceRows, window.outHeight - row)
      piece.padTop -= row * window.stride.y
      body(piece, row * window.outWidth)
    }
  }

  /// `result[count, filters, outHeight, outWidth]` from `images`.
  public func run(
    _ images: UnsafePointer<Float>, count: Int, rectified: Bool = false,
    result: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    for part in 0..<count * groups {
      let group = part % groups
      forEachPiece { piece, first in
        let columns = piece.outHeight * piece.outWidth
        piece.packedColumns(
          of: images + part * imageSize, into: scratch,
          row: scratch + PackedMatrix.count(rows: depth, columns: columns))
        PackedMatrix.multiply(
          left: weights.pointer + group * filters * depth, count: filters, packed: scratch,
          rows: depth, columns: columns,
          shift: bias.map { UnsafePointer($0.pointer + group * filters) }, rectified: rectified,
          result: result + part * filters * pixels + first, resultStride: pixels)
      }
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
      if !isPointwise { image.update(repeating: 0, count: imageSize) }
      forEachPiece { piece, first in
        let columns = piece.outHeight * piece.outWidth
        PackedMatrix.pack(
          gradient + part * filters * pixels + first, rows: filters, columns: columns,
          rowStride: pixels, into: scratch)
        let target =
          isPointwise
          ? image + first : scratch + PackedMatrix.count(rows: filters, columns: columns)
        PackedMatrix.multiply(
          left: transposed.pointer + part % groups * filters * depth, count: depth,
          packed: scratch, rows: filters, columns: columns, result: target,
          resultStride: isPointwise ? pixels : columns)
        if !isPointwise { piece.addColumns(target, to: image) }
      }
    }
  }
}
