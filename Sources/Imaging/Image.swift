public import Tensors

/// A gray or colour picture of 8 or 16 bits a sample.
public struct Image: Sendable, Equatable {
  /// 1 (gray) or 3 (red, green, blue).
  public let channels: Int
  /// Rows.
  public let height: Int
  /// Columns.
  public let width: Int
  /// Bits of a sample, 8 or 16.
  public let bits: Int
  /// The samples, `[channels, height, width]` with the last axis fastest, as in a `Tensor`.
  public let levels: [UInt16]

  /// `[channels, height, width]`.
  public var shape: [Int] { [channels, height, width] }

  /// Wraps samples.
  ///
  /// - Parameters:
  ///   - shape: `[channels, height, width]`.
  ///   - levels: One sample for each element of `shape`, at most 255 where `bits` is 8.
  ///   - bits: 8 or 16.
  /// - Throws: ``PNGError/unsupportedShape(_:)`` for other than 1 or 3 channels.
  public init(shape: [Int], levels: [UInt16], bits: Int = 8) throws(PNGError) {
    precondition(bits == 8 || bits == 16, "a PNG sample has 8 or 16 bits, not \(bits)")
    guard shape.count == 3, shape[0] == 1 || shape[0] == 3, shape[1] > 0, shape[2] > 0,
      let count = shape.checkedElementCount
    else { throw .unsupportedShape(shape) }
    precondition(levels.count == count, "shape \(shape) does not hold \(levels.count) samples")
    self.init(
      channels: shape[0], height: shape[1], width: shape[2], bits: bits, levels: levels)
  }

  /// Rounds values to the nearest level; those outside of the scale's range are clamped.
  ///
  /// - Parameters:
  ///   - values: `[channels, height, width]` with the last axis fastest, as a row of a batch is.
  ///   - shape: `[channels, height, width]`.
  ///   - scale: What the levels stand for.
  /// - Throws: ``PNGError/unsupportedShape(_:)`` for other than 1 or 3 channels.
  public init(
    _ values: some Collection<Float>, shape: [Int], scale: PixelScale = PixelScale()
  ) throws(PNGError) {
    var levels: [UInt16] = []
    levels.reserveCapacity(values.count)
    for value in values { levels.append(scale.level(nearestTo: value)) }
    try self.init(shape: shape, levels: levels, bits: scale.bits)
  }

  /// For samples that are known to fit the shape.
  init(channels: Int, height: Int, width: Int, bits: Int, levels: [UInt16]) {
    self.channels = channels
    self.height = height
    self.width = width
    self.bits = bits
    self.levels = levels
  }

  /// A picture of one gray or colour; `color` has one 8-bit sample a channel.
  public init(color: [UInt8], height: Int, width: Int) {
    precondition(color.count == 1 || color.count == 3, "\(color.count) channels are no colour")
    precondition(height > 0 && width > 0, "an image of \(height) x \(width) pixels")
    let levels = color.flatMap { [UInt16](repeating: UInt16($0), count: height * width) }
    self.init(channels: color.count, height: height, width: width, bits: 8, levels: levels)
  }

  /// The values the samples stand for, `[channels, height, width]`.
  public func values(range: ClosedRange<Float> = 0...1) -> Tensor {
    let scale = PixelScale(range: range, bits: bits)
    return Tensor(shape: shape) { target in
      for (index, level) in levels.enumerated() {
        target.initializeElement(at: index, to: scale.value(of: level))
      }
    }
  }

  /// What an attack changed, enlarged so that the largest change fills the scale.
  ///
  /// Mid-gray (128) is no change, 255 is `+largest`, 1 is `-largest`. Clean and adversarial images
  /// are rows of a batch, `[channels, height, width]`.
  /// - Returns: An 8-bit picture, and the largest absolute change.
  /// - Throws: ``PNGError/unsupportedShape(_:)`` for other than 1 or 3 channels.
  public static func difference(
    of adversarial: some Collection<Float>, from clean: some Collection<Float>, shape: [Int]
  ) throws(PNGError) -> (image: Image, largest: Float) {
    let changes = zip(adversarial, clean).map { $0 - $1 }
    let largest = changes.reduce(0) { max($0, abs($1)) }
    let factor = largest > 0 ? 127 / largest : 0
    let levels = changes.map { change in
      let level = (128 + change * factor).rounded()
      // A NaN shows as no change; the caller counts those elsewhere.
      return level.isNaN ? 128 : UInt16(min(max(level, 1), 255))
    }
    return (try Image(shape: shape, levels: levels), largest)
  }
}
