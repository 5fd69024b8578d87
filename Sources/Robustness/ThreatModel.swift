/// How the size of a perturbation is measured.
public enum Norm: String, Sendable, Codable, CaseIterable {
  /// The largest change of a value.
  case linf
  /// The Euclidean length of the change.
  case l2
  /// The sum of the absolute changes.
  case l1
  /// The number of changed values.
  case l0
}

/// What an attacker may do to one example: stay within `radius` of it in `norm`, and within the
/// bounds of the data.
///
/// Rows are one example's values, of any shape, as flat buffers.
public struct ThreatModel: Sendable, Equatable {
  public var norm: Norm
  /// In the units of the data; at least 0.
  public var radius: Float
  /// The smallest and largest value a pixel can have.
  public var bounds: ClosedRange<Float>

  public init(norm: Norm, radius: Float, bounds: ClosedRange<Float>) {
    precondition(radius >= 0 && radius.isFinite, "a radius is finite and not negative")
    self.norm = norm
    self.radius = radius
    self.bounds = bounds
  }

  /// One example's values.
  public typealias Row = UnsafeBufferPointer<Float>
  /// One example's values, to be changed.
  public typealias MutableRow = UnsafeMutableBufferPointer<Float>
}
