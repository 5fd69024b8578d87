/// A bound on `max s^T G s` over the sign vectors s, for a positive semidefinite G.
///
/// Where `diag(y) - G` has no negative eigenvalue, `s^T G s <= sum y_i` for every s: this is the
/// dual of the semidefinite relaxation (Y. Nesterov, "Semidefinite relaxation and nonconvex
/// quadratic optimization", 1998), whose optimum is at most pi/2 times the maximum. `y_i = sum_j
/// |G_ij|` and
/// `y_i = ` the largest eigenvalue are two such y. Any y is proved before it is used, so how it was
/// found does not matter.
enum SignRelaxation {
  /// At least the maximum for the G that was computed; nil where no y could be proved.
  ///
  /// y is read off a stationary point of the relaxation in eight dimensions, found by coordinate
  /// ascent (P.-W. Wang, J. Z. Kolter, "Low-rank semidefinite programming for the MAX2SAT problem",
  /// 2019), and then scaled until the proof holds.
  static func bound(_ gram: Gram) -> Double? {
    let y = dual(gram)
    let roots = y.map { $0.squareRoot() }
    let scale = Eigenvalue.estimate(order: gram.order) { vector in
      let product = gram.times(zip(vector, roots).map { $0 / $1 })
      return zip(product, roots).map { $0 / $1 }
    }
    guard scale > 0, scale.isFinite else { return nil }
    for margin in [1e-11, 1e-9, 1e-7, 1e-5, 1e-3, 1e-2, 0.1] {
      let diagonal = y.map { $0 * scale * (1 + margin) }
      guard let slack = Eigenvalue.semidefinitenessSlack(gram, diagonal: diagonal) else { continue }
      return Rounding.up(
        diagonal.reduce(0, +) + Double(gram.order) * slack, after: gram.order + 2)
    }
    return nil
  }

  /// Positive numbers that are close to proportional to the best y.
  private static func dual(_ gram: Gram) -> [Double] {
    let n = gram.order
    // Directions that differ from one row to the next, without randomness.
    var directions = (0..<n).map { row -> SIMD8<Double> in
      var direction = SIMD8<Double>()
      for lane in 0..<8 {
        let mixed = UInt32(truncatingIfNeeded: (row * 8 + lane + 1) * 2_654_435_761)
        direction[lane] = Double(mixed >> 8) * 0x1p-23 - 1
      }
      return direction / (direction * direction).sum().squareRoot()
    }
    var lengths = [Double](repeating: 0, count: n)
    let sweeps = min(200, max(10, (1 << 28) / max(gram.count, 1)))
    var value = 0.0
    for _ in 0..<sweeps {
      gram.ascend(&directions, lengths: &lengths)
      let next = lengths.reduce(0, +)
      if abs(next - value) <= 1e-7 * next { break }
      value = next
    }
    let floor = max((lengths.max() ?? 0) * 1e-9, .leastNormalMagnitude)
    return lengths.map { max($0, floor) }
  }
}

extension Gram {
  /// How many elements are kept.
  var count: Int {
    switch storage {
    case .sparse(let matrix): matrix.count
    case .dense(let matrix): matrix.count
    }
  }

  /// Turns each direction, one after the other, towards the sum of all weighted by its row;
  /// `lengths` are the sums' lengths without the row's own direction, plus its weight.
  func ascend(_ directions: inout [SIMD8<Double>], lengths: inout [Double]) {
    directions.withUnsafeMutableBufferPointer { directions in
      for row in 0..<order {
        var sum = SIMD8<Double>()
        var own = 0.0
        switch storage {
        case .sparse(let matrix):
          for entry in matrix.starts[row]..<matrix.starts[row + 1] {
            let column = Int(matrix.columns[entry])
            if column == row { own = matrix.values[entry] }
            sum += matrix.values[entry] * directions[column]
          }
        case .dense(let matrix):
          matrix.withUnsafeBufferPointer { matrix in
            let base = row * order
            for column in 0..<order { sum += matrix[base + column] * directions[column] }
            own = matrix[base + row]
          }
        }
        sum -= own * directions[row]
        let length = (sum * sum).sum().squareRoot()
        if length > 0 { directions[row] = sum / length }
        lengths[row] = length + own
      }
    }
  }
}
