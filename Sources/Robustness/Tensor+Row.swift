public import Tensors

extension Tensor {
  /// Calls `body` with the elements of one example, to read them.
  public func readingRow<R>(_ index: Int, _ body: (ThreatModel.Row) throws -> R) rethrows -> R {
    let size = rowSize
    return try values.withUnsafeBufferPointer {
      try body(ThreatModel.Row(rebasing: $0[index * size..<(index + 1) * size]))
    }
  }
}
