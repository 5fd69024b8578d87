/// A dense array of `Float` in row-major order; a value, copied on write.
///
/// Images are `[batch, channels, height, width]`. The first axis of anything called a batch counts
/// examples, and `row(_:)` speaks of one of them.
public struct Tensor: Sendable, Equatable {
  /// The extent of each axis, outermost first.
  public private(set) var shape: [Int]
  /// The elements, last axis fastest; their count is the product of `shape` and must stay so.
  public var values: [Float]

  /// Wraps `values`, whose count must be the product of `shape`.
  public init(shape: [Int], values: [Float]) {
    precondition(
      shape.elementCount == values.count, "shape \(shape) does not hold \(values.count) values")
    self.shape = shape
    self.values = values
  }

  /// A tensor of one repeated value.
  public init(repeating value: Float = 0, shape: [Int]) {
    self.shape = shape
    values = [Float](repeating: value, count: shape.elementCount)
  }

  /// A tensor whose storage `initializer` fills; every element must be written.
  public init(
    shape: [Int], initializingWith initializer: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows {
    self.shape = shape
    let count = shape.elementCount
    values = try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try initializer(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  /// The extent of the first axis: how many examples a batch holds.
  public var rowCount: Int { shape.first ?? 1 }
  /// How many elements one index of the first axis spans.
  public var rowSize: Int { shape.dropFirst().reduce(1, *) }

  /// The same elements under another shape of equal element count.
  public func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape: shape, values: values) }

  /// The elements of one example.
  public func row(_ index: Int) -> ArraySlice<Float> {
    precondition(index >= 0 && index < rowCount, "row \(index) of \(rowCount)")
    return values[index * rowSize..<(index + 1) * rowSize]
  }

  /// The chosen examples, in the order given: `[indices.count, ...]`.
  public func rows(_ indices: some Collection<Int>) -> Tensor {
    let indices = Array(indices)
    let (size, count) = (rowSize, rowCount)
    return Tensor(shape: [indices.count] + shape.dropFirst()) { target in
      values.withUnsafeBufferPointer { source in
        for (position, index) in indices.enumerated() {
          precondition(index >= 0 && index < count, "row \(index) of \(count)")
          let slot = UnsafeMutableBufferPointer(
            rebasing: target[position * size..<(position + 1) * size])
          _ = slot.update(fromContentsOf: source[index * size..<(index + 1) * size])
        }
      }
    }
  }

  /// Overwrites one example with an example of `source`.
  public mutating func setRow(_ index: Int, to source: Tensor, row: Int) {
    let size = rowSize
    precondition(source.rowSize == size, "rows of \(source.shape) do not fit \(shape)")
    source.values.withUnsafeBufferPointer { from in
      values.withUnsafeMutableBufferPointer { to in
        let slot = UnsafeMutableBufferPointer(rebasing: to[index * size..<(index + 1) * size])
        _ = slot.update(fromContentsOf: from[row * size..<(row + 1) * size])
      }
    }
  }

  /// Calls `body` with the elements of one example, to change them in place.
  public mutating func withRow<R>(
    _ index: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    let size = rowSize
    return try values.withUnsafeMutableBufferPointer {
      try body(UnsafeMutableBufferPointer(rebasing: $0[index * size..<(index + 1) * size]))
    }
  }

  /// Examples of `parts` one after the other; all parts have the same row shape.
  public init(joining parts: [Tensor]) {
    precondition(!parts.isEmpty, "nothing to join")
    let inner = Array(parts[0].shape.dropFirst())
    precondition(parts.allSatisfy { Array($0.shape.dropFirst()) == inner }, "row shapes differ")
    self.init(
      shape: [parts.reduce(0) { $0 + $1.rowCount }] + inner, values: parts.flatMap(\.values))
  }

  /// The position of the first largest element of each row: the predicted class of each example.
  ///
  /// NaN never wins; a row of NaN alone answers `nil`.
  public func argmaxOfRows() -> [Int?] { (0..<rowCount).map(argmax(ofRow:)) }

  /// The same for one row.
  public func argmax(ofRow index: Int) -> Int? {
    var best: Int?
    let row = row(index)
    for (offset, value) in row.enumerated() where !value.isNaN {
      if let current = best, row[row.startIndex + current] >= value { continue }
      best = offset
    }
    return best
  }
}

extension [Int] {
  /// The number of elements of a tensor of this shape; 1 for a scalar.
  public var elementCount: Int { reduce(1, *) }
}
