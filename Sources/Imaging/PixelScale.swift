/// How the levels of a PNG sample stand for values: level 0 is the lower end of a range, the
/// largest level the upper one.
///
/// `value = lower + (upper - lower) * level / largest`, in this order and in single precision, so
/// for 0...1 a byte becomes `Float(byte) / 255`. Data sets and exported images use this one
/// formula, and an image that is written and read back has the same bits.
public struct PixelScale: Sendable, Equatable {
  /// The values that the first and the last level stand for.
  public var range: ClosedRange<Float>
  /// Bits of a sample, 8 or 16.
  public var bits: Int

  public init(range: ClosedRange<Float> = 0...1, bits: Int = 8) {
    precondition(bits == 8 || bits == 16, "a PNG sample has 8 or 16 bits, not \(bits)")
    precondition(
      range.lowerBound.isFinite && range.upperBound.isFinite && range.lowerBound < range.upperBound,
      "the range \(range) has no width")
    self.range = range
    self.bits = bits
  }

  /// The last level: 255 or 65535.
  public var largest: Int { (1 << bits) - 1 }

  /// The value a level stands for.
  @inlinable
  public func value(of level: UInt16) -> Float {
    let width = range.upperBound - range.lowerBound
    return range.lowerBound + width * Float(level) / Float(largest)
  }

  /// The values of all levels, `largest + 1` of them, in rising order.
  public var table: [Float] { (0...largest).map { value(of: UInt16($0)) } }

  /// The level nearest to `value`; the first or last one outside of the range, the first for NaN.
  public func level(nearestTo value: Float) -> UInt16 {
    UInt16(clamped(position(of: value).rounded()))
  }

  /// The first level whose value is not below `bound`; `largest + 1` where there is none.
  func firstLevel(notBelow bound: Float) -> Int {
    var level = clamped(position(of: bound).rounded(.up))
    // The estimate is exact up to the rounding of `value(of:)`, which these steps follow.
    while level > 0, value(of: UInt16(level - 1)) >= bound { level -= 1 }
    while level <= largest, !(value(of: UInt16(level)) >= bound) { level += 1 }
    return level
  }

  /// The last level whose value is not above `bound`; -1 where there is none.
  func lastLevel(notAbove bound: Float) -> Int {
    var level = clamped(position(of: bound).rounded(.down))
    while level < largest, value(of: UInt16(level + 1)) <= bound { level += 1 }
    while level >= 0, !(value(of: UInt16(level)) <= bound) { level -= 1 }
    return level
  }

  /// Where `value` lies on the scale of levels, as a real number.
  private func position(of value: Float) -> Double {
    let lower = Double(range.lowerBound)
    return (Double(value) - lower) / (Double(range.upperBound) - lower) * Double(largest)
  }

  private func clamped(_ position: Double) -> Int {
    position.isNaN ? 0 : Int(min(max(position, 0), Double(largest)))
  }
}
