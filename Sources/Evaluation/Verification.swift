public import Robustness

/// What had to be mended in a proposed image before it was classified.
enum Violation: Hashable {
  /// A value was NaN or infinite; the clean value took its place.
  case notFinite
  /// The image was outside of the ball or of the data's bounds; it was projected.
  case outside
}

/// Holds a proposed image to the threat model: afterwards it is finite, within the bounds and
/// within the radius up to rounding.
///
/// An image that keeps to all of that is not touched, bit for bit. The tolerance covers the
/// rounding of single precision and nothing else: 1e-5 of the radius and 1e-6 of the data's width
/// (for l1 and l2 also what adding up many values may lose).
/// - Returns: what was wrong with it, if anything.
func enforce(
  _ threat: ThreatModel, on image: inout [Float], around clean: ArraySlice<Float>
) -> Violation? {
  var violation: Violation?
  for (index, origin) in zip(image.indices, clean) where !image[index].isFinite {
    image[index] = origin
    violation = .notFinite
  }
  let distance = Distances(image[...], from: clean)
  let inBounds = image.allSatisfy { threat.bounds.contains($0) }
  if inBounds, threat.admits(distance) { return violation }
  image.withUnsafeMutableBufferPointer { image in
    clean.withUnsafeBufferPointer { threat.project(image, around: $0) }
  }
  return violation ?? .outside
}

extension ThreatModel {
  /// True where an image at these distances is within the radius, up to rounding.
  public func admits(_ distances: Distances) -> Bool {
    let width = Double(bounds.upperBound) - Double(bounds.lowerBound)
    let distance: Double
    let blur: Double
    switch norm {
    case .linf: (distance, blur) = (distances.linf, 1e-6 * width)
    case .l2: (distance, blur) = (distances.l2, 1e-7 * width * max(distances.l0, 1).squareRoot())
    case .l1: (distance, blur) = (distances.l1, 1e-7 * width * max(distances.l0, 1))
    case .l0: return distances.l0 <= Double(radius)
    }
    return distance <= Double(radius) * (1 + 1e-5) + blur
  }
}
