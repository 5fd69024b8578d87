internal import Tensors

/// Where an operation adds the gradient of one parameter.
public enum GradientBuffer {
  /// Numbers of the parameter's shape, which the gradient is added to.
  case sum(UnsafeMutablePointer<Float>)
  /// Room for the two matrices that the gradient is the product of, see ``GradientFactors``.
  case factors(left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>)

  /// The sum, of a parameter that never comes as factors.
  var sum: UnsafeMutablePointer<Float> {
    guard case .sum(let pointer) = self else { preconditionFailure("factors where a sum is asked") }
    return pointer
  }

  /// Adds `left^T right`, `[count, rows]` and `[count, columns]`, or keeps the two.
  func addOuterProducts(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, rows: Int, columns: Int,
    count: Int
  ) {
    switch self {
    case .sum(let sum):
      Tensors.addOuterProducts(left, right, rows: rows, columns: columns, count: count, to: sum)
    case .factors(let keptLeft, let keptRight):
      keptLeft.update(from: left, count: count * rows)
      keptRight.update(from: right, count: count * columns)
    }
  }
}

/// A gradient that is the product `left^T right` of two matrices with some rows for each example.
///
/// Where these are much smaller, parts of a batch hand them on instead of their product, and the
/// product runs once for many parts.
public struct GradientFactors: Sendable {
  var rowsPerExample: Int
  /// The columns of `left` and of `right`: the gradient's shape.
  var rows: Int, columns: Int
}
