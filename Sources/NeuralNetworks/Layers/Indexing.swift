internal import Tensors

extension [Int] {
  /// How far apart neighbours along each axis lie in row-major order.
  var strides: [Int] {
    var result = [Int](repeating: 1, count: count)
    for axis in indices.dropLast().reversed() { result[axis] = result[axis + 1] * self[axis + 1] }
    return result
  }

  /// For each index of an array of this shape, in row-major order, the sum of the index along each
  /// axis times its stride.
  func offsets(strides: [Int]) -> [Int] {
    var result = [0]
    result.reserveCapacity(elementCount)
    for (extent, stride) in zip(self, strides) {
      result = result.flatMap { base in (0..<extent).map { base + $0 * stride } }
    }
    return result
  }

  /// How many blocks lie before an axis and how many elements behind it.
  package func around(_ axis: Int) -> (outer: Int, inner: Int) {
    (self[..<axis].reduce(1, *), self[(axis + 1)...].reduce(1, *))
  }

  /// The strides with which an array of this shape is read as one of shape `result`, to which it
  /// broadcasts: 0 along repeated axes.
  func broadcastStrides(to result: [Int]) -> [Int] {
    let padded = [Int](repeating: 1, count: result.count - count) + self
    return zip(padded, padded.strides).map { $0 == 1 ? 0 : $1 }
  }

  /// The element of an array of this shape that each element of `result` reads, to which it
  /// broadcasts.
  package func broadcastIndices(to result: [Int]) -> [Int] {
    result.offsets(strides: broadcastStrides(to: result))
  }

  /// The shape that two shapes broadcast to (axes aligned at the end, extent 1 is repeated), or
  /// nil.
  package func broadcast(with other: [Int]) -> [Int]? {
    let rank = Swift.max(count, other.count)
    let first = [Int](repeating: 1, count: rank - count) + self
    let second = [Int](repeating: 1, count: rank - other.count) + other
    var result: [Int] = []
    for (a, b) in zip(first, second) {
      guard a == b || a == 1 || b == 1 else { return nil }
      result.append(a == 1 ? b : a)
    }
    return result
  }
}

/// Throws unless `axis` is one of `shape`.
func check(axis: Int, of shape: [Int]) throws(ShapeError) {
  guard axis >= 0 && axis < shape.count else {
    throw ShapeError("axis \(axis) is not one of shape \(shape)")
  }
}
