public import Testing

/// A reason for two numbers to differ, and by how much they may.
public struct Tolerance: Sendable {
  /// Allowed difference, relative to the larger magnitude in the comparison.
  public var relative: Double
  /// Allowed difference near zero.
  public var absolute: Double

  public init(relative: Double, absolute: Double) {
    self.relative = relative
    self.absolute = absolute
  }

  /// A few roundings of single precision.
  public static let rounding = Tolerance(relative: 1e-6, absolute: 1e-7)
  /// Sums of hundreds of products in single precision, in another order.
  public static let accumulation = Tolerance(relative: 2e-5, absolute: 2e-6)
  /// Winograd's transforms: about ten times the rounding of a plain sum.
  public static let winograd = Tolerance(relative: 1e-4, absolute: 1e-5)
  /// A central difference in double precision against a gradient in single precision.
  public static let finiteDifferences = Tolerance(relative: 1e-3, absolute: 1e-6)
}

/// Expects two sequences of numbers to agree, relative to the largest magnitude in `expected`.
public func expectClose(
  _ actual: some Sequence<Float>, _ expected: some Sequence<Double>, _ tolerance: Tolerance,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let actual = actual.map(Double.init)
  let expected = Array(expected)
  #expect(actual.count == expected.count, sourceLocation: sourceLocation)
  let scale = expected.reduce(0) { max($0, abs($1)) }
  let bound = tolerance.absolute + tolerance.relative * scale
  for (index, pair) in zip(actual, expected).enumerated()
  where !(abs(pair.0 - pair.1) <= bound) {
    Issue.record(
      "element \(index): \(pair.0) is not within \(bound) of \(pair.1)",
      sourceLocation: sourceLocation)
    return
  }
}

/// Expects two numbers to agree, relative to `expected`.
public func expectClose(
  _ actual: Double, _ expected: Double, _ tolerance: Tolerance,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let bound = tolerance.absolute + tolerance.relative * abs(expected)
  #expect(
    !(abs(actual - expected) > bound) && !actual.isNaN,
    "\(actual) is not within \(bound) of \(expected)", sourceLocation: sourceLocation)
}
