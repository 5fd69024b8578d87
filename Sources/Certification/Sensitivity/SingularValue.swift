internal import Robustness

/// Bounds on the norms of a map that its Gram matrix gives.
package struct SingularValue {
  /// At least `sqrt(sum |G_ij|)`, G over the inputs; nil where that costs too much, or nobody moves
  /// by linf.
  let entrywise: Double?
  /// At least `sqrt(max s^T G s)` over signs s; nil where G is larger than `proofLimit`.
  let semidefinite: Double?
  /// At least the largest singular value, and within 1e-5 of it as a rule; nil where the smaller
  /// Gram matrix is larger than `proofLimit`.
  let proved: Double?
  /// At least the largest singular value, by Schur's test.
  let schur: Double

  /// The largest order of a matrix that is factored: 1 s or so.
  static let proofLimit = 4096

  init(_ map: LinearMap, _ measures: MapMeasures, from norm: Norm) {
    let grams = Grams(map.matrix, overInputs: norm == .linf)
    // What the kept entries are off by moves every norm by at most the same norm of the errors.
    let error = map.relativeError
    let magnitudes = map.magnitudes.map {
      MapMeasures(LinearMap(shape: map.shape, matrix: map.matrix.with($0)))
    }
    let bySchur = Rounding.up(error * (magnitudes ?? measures).plainSchur, after: 1)
    let byRows = Rounding.up(error * (magnitudes ?? measures).rows(.linf, .l2), after: 1)
    // And a computed Gram matrix, by the roundings of its sums.
    let plain = measures.plainSchur

    let rows = measures.rows(.linf, .l2)
    func overSigns(_ gram: Gram, _ largest: Double) -> Double {
      let sum = largest + Rounding.gamma(gram.terms + 1) * rows * rows
      return Rounding.up(Rounding.up(sum, after: 3).squareRoot() + byRows, after: 2)
    }
    entrywise =
      norm == .linf ? grams.overInputs.map { overSigns($0, $0.absoluteSum) } : nil
    semidefinite =
      norm == .linf
      ? grams.overInputs.flatMap { gram in
        gram.order > Self.proofLimit
          ? nil : SignRelaxation.bound(gram).map { overSigns(gram, $0) }
      } : nil
    guard let gram = grams.smaller else {
      schur = Rounding.up(min(plain, Self.weightedSchur(map)) + bySchur, after: 1)
      proved = nil
      return
    }
    let roundings = Rounding.up(Rounding.gamma(gram.terms + 1) * plain * plain, after: 2)
    func root(_ eigenvalue: Double) -> Double {
      Rounding.up(Rounding.up(eigenvalue + roundings, after: 1).squareRoot() + bySchur, after: 2)
    }
    let weighted = Self.schurTest(order: gram.order) { gram.times($0, absolute: true) }
    schur = min(plain, root(weighted))
    proved =
      gram.order > Self.proofLimit ? nil : Self.provedEigenvalue(gram, at: weighted).map(root)
  }

  /// At least the largest eigenvalue of a non-negative symmetric matrix: `max (A v)_i / v_i` for
  /// any v > 0 (I. Schur, 1911; L. Collatz, 1942), with v from some steps of the power iteration.
  /// - Parameter times: `A v` with at most `order + 2` roundings an element.
  private static func schurTest(order: Int, _ times: ([Double]) -> [Double]) -> Double {
    var vector = [Double](repeating: 1, count: order)
    var best = Double.infinity
    for _ in 0..<60 {
      let next = times(vector)
      let ratio = zip(next, vector).reduce(0) { max($0, $1.0 / $1.1) }
      best = min(best, ratio)
      let largest = next.max() ?? 0
      guard largest > 0, largest.isFinite else { break }
      vector = next.map { max($0 / largest, 1e-9) }
    }
    return Rounding.up(best, after: order + 4)
  }

  /// Schur's test for a map whose Gram matrix is too large: at least the largest singular value of
  /// the absolute values of the entries that are kept.
  package static func weightedSchur(_ map: LinearMap) -> Double {
    let matrix = map.matrix.with(map.matrix.values.map { abs($0) })
    let columns = matrix.transposed()
    let squared = schurTest(order: map.inputCount) { vector in
      columns.times(matrix.times(vector))
    }
    return Rounding.up(squared.squareRoot(), after: map.rowCount + map.inputCount)
  }

  /// A number that no eigenvalue of the computed matrix exceeds, close to the largest; at most
  /// `ceiling`, which is such a number.
  private static func provedEigenvalue(_ gram: Gram, at ceiling: Double) -> Double? {
    guard ceiling > 0 else { return ceiling }
    let estimate = Eigenvalue.estimate(order: gram.order) { gram.times($0) }
    for margin in [1e-11, 1e-9, 1e-7, 1e-5, 1e-3, 1e-2, 0.1] {
      let candidate = estimate * (1 + margin)
      // Then the ceiling is as close as the proof would come.
      guard candidate < ceiling else { return ceiling }
      let diagonal = [Double](repeating: candidate, count: gram.order)
      if let slack = Eigenvalue.semidefinitenessSlack(gram, diagonal: diagonal) {
        return min(ceiling, Rounding.up(candidate + slack, after: 1))
      }
    }
    return nil
  }
}

/// The Gram matrices of a map, over its inputs and over the smaller of its sides.
struct Grams {
  let overInputs: Gram?
  let smaller: Gram?

  init(_ matrix: SparseMatrix, overInputs needsInputs: Bool) {
    let isWide = matrix.rowCount < matrix.columnCount
    overInputs = needsInputs || !isWide ? Gram(of: matrix) : nil
    smaller = isWide ? Gram(of: matrix.transposed()) : overInputs
  }
}

extension SparseMatrix {
  /// The product with a vector.
  func times(_ vector: [Double]) -> [Double] {
    (0..<rowCount).map { row in
      var sum = 0.0
      for entry in starts[row]..<starts[row + 1] {
        sum += values[entry] * vector[Int(columns[entry])]
      }
      return sum
    }
  }
}
