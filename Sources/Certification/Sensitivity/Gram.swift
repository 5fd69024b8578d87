internal import Tensors

/// `G = A^T A` of a sparse A, in the form that is cheaper: by entries, or whole.
struct Gram {
  enum Storage {
    case sparse(SparseMatrix)
    /// Row-major; what lies below the diagonal is there too.
    case dense([Double])
  }

  let order: Int
  let storage: Storage
  /// How many products one element of G is the sum of, at most.
  let terms: Int

  /// The largest order that is kept whole: 512 MiB.
  static let denseLimit = 8192
  /// The most multiplications that are done entry by entry; some seconds.
  static let sparseLimit = 1 << 32

  /// Nil where G would cost too much: more than `sparseLimit` multiplications entry by entry, and
  /// an order above `denseLimit`.
  init?(of a: SparseMatrix) {
    order = a.columnCount
    let columns = a.transposed()
    terms = columns.longestRow
    let work = (0..<a.rowCount).reduce(0) {
      let count = a.starts[$1 + 1] - a.starts[$1]
      return $0 + count * count
    }
    // A whole product does about twenty times as many multiplications a second.
    let wholeWork = a.rowCount * order * order / 2
    if order <= Self.denseLimit, wholeWork / 20 < work {
      storage = .dense(Self.dense(a))
    } else if work <= Self.sparseLimit, let matrix = Self.sparse(a, columns: columns) {
      storage = .sparse(matrix)
    } else {
      return nil
    }
  }

  private static func sparse(_ a: SparseMatrix, columns: SparseMatrix) -> SparseMatrix? {
    let order = a.columnCount
    var builder = SparseMatrix.Builder(columnCount: order)
    var sums = [Double](repeating: 0, count: order)
    var isTouched = [Bool](repeating: false, count: order)
    var touched: [Int] = []
    for index in 0..<order {
      for entry in columns.starts[index]..<columns.starts[index + 1] {
        let (row, factor) = (Int(columns.columns[entry]), columns.values[entry])
        for inner in a.starts[row]..<a.starts[row + 1] {
          let column = Int(a.columns[inner])
          if !isTouched[column] {
            isTouched[column] = true
            touched.append(column)
          }
          sums[column] += factor * a.values[inner]
        }
      }
      for column in touched {
        builder.add(sums[column], at: column)
        (sums[column], isTouched[column]) = (0, false)
      }
      touched.removeAll(keepingCapacity: true)
      builder.endRow()
    }
    return try? builder.finished()
  }

  private static func dense(_ a: SparseMatrix) -> [Double] {
    let order = a.columnCount
    var result = [Double](repeating: 0, count: order * order)
    let height = min(512, max(a.rowCount, 1))
    var panel = [Double](repeating: 0, count: height * order)
    for first in stride(from: 0, to: a.rowCount, by: height) {
      let rows = min(height, a.rowCount - first)
      for row in 0..<rows {
        for entry in a.starts[first + row]..<a.starts[first + row + 1] {
          panel[row * order + Int(a.columns[entry])] = a.values[entry]
        }
      }
      BLAS.addGram(of: panel, rows: rows, columns: order, to: &result)
      for row in 0..<rows {
        for entry in a.starts[first + row]..<a.starts[first + row + 1] {
          panel[row * order + Int(a.columns[entry])] = 0
        }
      }
    }
    for row in 0..<order {
      for column in 0..<row { result[row * order + column] = result[column * order + row] }
    }
    return result
  }

  /// `G v`, or `|G| v` with the absolute values of the elements.
  func times(_ vector: [Double], absolute: Bool = false) -> [Double] {
    var result = [Double](repeating: 0, count: order)
    vector.withUnsafeBufferPointer { vector in
      switch storage {
      case .sparse(let matrix):
        for row in 0..<order {
          var sum = 0.0
          for entry in matrix.starts[row]..<matrix.starts[row + 1] {
            let value = matrix.values[entry]
            sum += (absolute ? abs(value) : value) * vector[Int(matrix.columns[entry])]
          }
          result[row] = sum
        }
      case .dense(let matrix):
        matrix.withUnsafeBufferPointer { matrix in
          for row in 0..<order {
            // Four sums at a time: a single one would wait for each addition.
            var sums = SIMD8<Double>()
            let base = row * order
            var column = 0
            while column + 8 <= order {
              for lane in 0..<8 {
                let value = matrix[base + column + lane]
                sums[lane] += (absolute ? abs(value) : value) * vector[column + lane]
              }
              column += 8
            }
            var sum = sums.sum()
            while column < order {
              let value = matrix[base + column]
              sum += (absolute ? abs(value) : value) * vector[column]
              column += 1
            }
            result[row] = sum
          }
        }
      }
    }
    return result
  }

  /// `diag(y) - G`, whole and row-major.
  func subtracted(from diagonal: [Double]) -> [Double] {
    var result: [Double]
    switch storage {
    case .dense(let matrix): result = matrix.map { -$0 }
    case .sparse(let matrix):
      result = [Double](repeating: 0, count: order * order)
      for row in 0..<order {
        for (column, value) in matrix.row(row) { result[row * order + Int(column)] = -value }
      }
    }
    for index in 0..<order { result[index * order + index] += diagonal[index] }
    return result
  }

  /// At least the sum of the absolute values of the computed elements.
  var absoluteSum: Double {
    let rows = times([Double](repeating: 1, count: order), absolute: true)
    return Rounding.up(rows.reduce(0, +), after: 2 * order)
  }
}
