public import Robustness

extension Sensitivity {
  /// The sensitivity of one feature map alone, the largest of all maps, as printed certificates
  /// have used it.
  ///
  /// **It does not bound the change of the values that noise is added to**, which are all maps
  /// together: C equal maps move `sqrt(C)` times as far. No sound certificate reads it. From l2 to
  /// l2 it is Lanczos' estimate; else the smallest of `exact`, `entrywise` and `rows` for a map.
  /// Noise is redistributed over all maps together.
  ///
  /// - Returns: nil where the values are not `[maps, height, width]`.
  /// - Throws: as ``bounds(_:redistribution:from:to:)``.
  public static func ofOneMap(
    _ map: LinearMap, redistribution: [Double]? = nil, from norm: Norm, to target: Target
  ) throws(CertificationError) -> (sensitivity: Double, maps: Int)? {
    guard map.shape.count == 3 else { return nil }
    guard norm != .l0 else {
      throw .unsupportedNorm(problem: "l0 has no sensitivity, of one map neither")
    }
    if let redistribution { try Redistribution.check(redistribution, count: map.rowCount) }
    let map = map.whitened(by: redistribution)
    let size = map.shape[1] * map.shape[2]
    var largest = 0.0
    for index in 0..<map.shape[0] {
      let one = map.rows(index * size..<(index + 1) * size, shape: [1] + map.shape[1...])
      largest = max(largest, sensitivity(ofMap: one, norm, target))
    }
    return (largest, map.shape[0])
  }

  private static func sensitivity(
    ofMap map: LinearMap, _ norm: Norm, _ target: Target
  ) -> Double {
    let measures = MapMeasures(map)
    let rows = measures.rows(norm, target)
    switch (norm, target) {
    case (.l1, .l1): return measures.largestColumnL1
    case (.l1, .l2): return measures.largestColumnL2
    case (.linf, .l2):
      return Gram(of: map.matrix).map { min(rows, $0.absoluteSum.squareRoot()) } ?? rows
    case (.l2, .l2):
      let gram =
        map.rowCount < map.inputCount
        ? Gram(of: map.matrix.transposed()) : Gram(of: map.matrix)
      guard let gram else { return rows }
      let value = Eigenvalue.estimate(order: gram.order, steps: 100) { gram.times($0) }
      return max(value, 0).squareRoot()
    default: return rows
    }
  }
}
