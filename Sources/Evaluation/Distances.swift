/// How far an image is from the clean one, in every norm.
public struct Distances: Sendable, Hashable {
  /// The largest change, the Euclidean length of the changes, the sum of their magnitudes, and how
  /// many values changed.
  public var linf = 0.0, l2 = 0.0, l1 = 0.0, l0 = 0.0

  /// No distance at all.
  public init() {}

  /// Sums are taken in double precision in the order of the values.
  public init(_ image: ArraySlice<Float>, from clean: ArraySlice<Float>) {
    precondition(image.count == clean.count, "\(image.count) values against \(clean.count)")
    var squares = 0.0
    for (new, old) in zip(image, clean) where new != old {
      let change = abs(Double(new) - Double(old))
      linf = max(linf, change)
      squares += change * change
      l1 += change
      l0 += 1
    }
    l2 = squares.squareRoot()
  }
}
