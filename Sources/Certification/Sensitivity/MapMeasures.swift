internal import Robustness

/// Sums of absolute values of a map's entries, rounded up so that they hold for the exact map.
struct MapMeasures {
  /// Norms of each row: `sum |M_kj|`, `sqrt(sum M_kj^2)`, `max |M_kj|`.
  let rowL1: [Double], rowL2: [Double], rowMaximum: [Double]
  let largestColumnL1: Double, largestColumnL2: Double
  /// How many inputs any value depends on.
  let usedInputs: Int
  /// True where no row and no column has two entries.
  let isMonomial: Bool
  private let longestRow: Int

  init(_ map: LinearMap) {
    let matrix = map.matrix
    let error = map.relativeError
    var (rowL1, rowSquares, rowMaximum) = (
      [Double](repeating: 0, count: map.rowCount), [Double](repeating: 0, count: map.rowCount),
      [Double](repeating: 0, count: map.rowCount)
    )
    var columnL1 = [Double](repeating: 0, count: map.inputCount)
    var columnSquares = columnL1
    var counts = [Int](repeating: 0, count: map.inputCount)
    var longestRow = 0
    for row in 0..<map.rowCount {
      longestRow = max(longestRow, matrix.starts[row + 1] - matrix.starts[row])
      for entry in matrix.starts[row]..<matrix.starts[row + 1] {
        let size = abs(matrix.values[entry])
        let value = size + error * (map.magnitudes?[entry] ?? size)
        let column = Int(matrix.columns[entry])
        counts[column] += 1
        columnL1[column] += value
        columnSquares[column] += value * value
        rowL1[row] += value
        rowSquares[row] += value * value
        rowMaximum[row] = max(rowMaximum[row], value)
      }
    }
    let tallest = counts.max() ?? 0
    self.rowL1 = rowL1.map { Rounding.up($0, after: longestRow + 2) }
    rowL2 = rowSquares.map { Rounding.up($0.squareRoot(), after: longestRow + 4) }
    self.rowMaximum = rowMaximum.map { Rounding.up($0, after: 2) }
    largestColumnL1 = Rounding.up(columnL1.max() ?? 0, after: tallest + 2)
    largestColumnL2 = Rounding.up((columnSquares.max() ?? 0).squareRoot(), after: tallest + 4)
    usedInputs = counts.reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
    isMonomial = longestRow <= 1 && tallest <= 1
    self.longestRow = longestRow
  }

  /// The norm of each row that is dual to the input's.
  func rowNorms(_ norm: Norm) -> [Double] {
    switch norm {
    case .linf: rowL1
    case .l2: rowL2
    case .l1: rowMaximum
    case .l0: preconditionFailure("l0 has no dual")
    }
  }

  /// The bound in which every row takes its own worst input.
  func rows(_ norm: Norm, _ target: Sensitivity.Target) -> Double {
    let norms = rowNorms(norm)
    switch target {
    case .l1: return Rounding.up(norms.reduce(0, +), after: norms.count)
    case .l2:
      return Rounding.up(
        norms.reduce(0) { $0 + $1 * $1 }.squareRoot(), after: norms.count + 2)
    }
  }

  /// `sqrt(K) max ||w_k||_1 / (K r_k)`. With b_k the norms here, which are divided by
  /// `sqrt(K r_k)` already, that is `max b_k / sqrt(r_k)`; where r sums to more than 1 by rounding,
  /// the root of the sum makes up for it.
  func printed(_ redistribution: [Double]?) -> Double {
    let uniform = 1 / Double(max(rowL1.count, 1))
    let largest = rowL1.indices.reduce(0) {
      max($0, rowL1[$1] / (redistribution?[$1] ?? uniform).squareRoot())
    }
    let sum = redistribution?.reduce(0, +) ?? 1
    return Rounding.up(largest * max(sum, 1).squareRoot(), after: rowL1.count + 4)
  }

  /// Schur's test without weights: `sqrt(max row l1 * max column l1)` is at least the largest
  /// singular value, also of the absolute values.
  var plainSchur: Double {
    Rounding.up(((rowL1.max() ?? 0) * largestColumnL1).squareRoot(), after: 2)
  }
}
