/// Values rounded to the levels of a PNG sample without leaving an interval of their own.
public struct Quantization: Sendable, Equatable {
  /// The level of each value.
  public var levels: [UInt16]
  /// How many values have no level inside their interval; these got the nearest one.
  public var outsideCount: Int

  /// Rounds each value to the nearest level whose value lies in `[lower, upper]`.
  ///
  /// For a linf ball the interval is `clean ± epsilon`, cut by the value bounds. For any other norm
  /// take `min(clean, adversarial)` to `max(clean, adversarial)`: rounding towards the clean image
  /// shortens every component, so no norm of the perturbation grows.
  ///
  /// An image on 8-bit levels always has a level inside: its own. Comparisons use the values that
  /// reading the file back gives (`PixelScale.value(of:)`), so what is inside here is inside there.
  /// - Parameters:
  ///   - values: What to round.
  ///   - lower: The least allowed value, for each of `values`.
  ///   - upper: The largest allowed value, for each of `values`.
  ///   - scale: The levels.
  public init(
    _ values: [Float], lower: [Float], upper: [Float], scale: PixelScale
  ) {
    let count = values.count
    precondition(
      lower.count == count && upper.count == count,
      "\(count) values have \(lower.count) lower and \(upper.count) upper bounds")
    levels = []
    levels.reserveCapacity(count)
    outsideCount = 0
    for index in values.indices {
      let nearest = scale.level(nearestTo: values[index])
      let rounded = scale.value(of: nearest)
      if rounded >= lower[index], rounded <= upper[index] {
        levels.append(nearest)
        continue
      }
      let first = scale.firstLevel(notBelow: lower[index])
      let last = scale.lastLevel(notAbove: upper[index])
      if first <= last {
        levels.append(UInt16(min(max(Int(nearest), first), last)))
      } else {
        levels.append(nearest)
        outsideCount += 1
      }
    }
  }
}
