/// A matrix of `Double` of which only the elements that may differ from zero are kept, row by row.
///
/// Row k holds the entries `starts[k]..<starts[k + 1]` of `columns` and `values`, each column at
/// most once, in no particular order.
package struct SparseMatrix: Sendable, Equatable {
  package let rowCount: Int, columnCount: Int
  package private(set) var starts: [Int]
  package private(set) var columns: [Int32]
  package var values: [Double]

  /// The most entries that are kept: 1.5 GiB of them.
  package static let limit = 1 << 27

  /// How many entries there are.
  package var count: Int { values.count }

  package init(
    rowCount: Int, columnCount: Int, starts: [Int], columns: [Int32], values: [Double]
  ) {
    precondition(starts.count == rowCount + 1 && starts.last == values.count, "row starts")
    precondition(columns.count == values.count, "a column for every entry")
    precondition(columnCount <= Int(Int32.max), "\(columnCount) columns")
    (self.rowCount, self.columnCount) = (rowCount, columnCount)
    (self.starts, self.columns, self.values) = (starts, columns, values)
  }

  /// The identity of this order.
  package init(identity order: Int) {
    self.init(
      rowCount: order, columnCount: order, starts: Array(0...order),
      columns: (0..<order).map { Int32($0) }, values: [Double](repeating: 1, count: order))
  }

  /// A matrix whose row k has `factors[k]` (1 where there are none) in column `sources[k]`, and
  /// nothing where that is nil.
  package init(gathering sources: [Int?], of columnCount: Int, times factors: [Double]? = nil) {
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    for (row, source) in sources.enumerated() {
      if let source {
        columns.append(Int32(source))
        values.append(factors?[row] ?? 1)
      }
      starts.append(columns.count)
    }
    self.init(
      rowCount: sources.count, columnCount: columnCount, starts: starts, columns: columns,
      values: values)
  }

  /// The columns and values of one row.
  package func row(_ index: Int) -> Zip2Sequence<ArraySlice<Int32>, ArraySlice<Double>> {
    let range = starts[index]..<starts[index + 1]
    return zip(columns[range], values[range])
  }

  /// The most entries that a row has.
  package var longestRow: Int {
    (0..<rowCount).reduce(0) { max($0, starts[$1 + 1] - starts[$1]) }
  }

  /// The same entries by column; each row of the answer has its columns in ascending order.
  package func transposed() -> SparseMatrix {
    var starts = [Int](repeating: 0, count: columnCount + 1)
    for column in columns { starts[Int(column) + 1] += 1 }
    for column in 0..<columnCount { starts[column + 1] += starts[column] }
    var next = starts
    var rows = [Int32](repeating: 0, count: count)
    var result = [Double](repeating: 0, count: count)
    for row in 0..<rowCount {
      for entry in self.starts[row]..<self.starts[row + 1] {
        let column = Int(columns[entry])
        rows[next[column]] = Int32(row)
        result[next[column]] = values[entry]
        next[column] += 1
      }
    }
    return SparseMatrix(
      rowCount: columnCount, columnCount: rowCount, starts: starts, columns: rows, values: result)
  }

  /// The same places with other values.
  package func with(_ values: [Double]) -> SparseMatrix {
    SparseMatrix(
      rowCount: rowCount, columnCount: columnCount, starts: starts, columns: columns,
      values: values)
  }

  /// Each row divided by its divisor.
  package func dividingRows(by divisors: [Double]) -> SparseMatrix {
    precondition(divisors.count == rowCount, "\(divisors.count) divisors for \(rowCount) rows")
    var result = self
    for row in 0..<rowCount {
      for entry in starts[row]..<starts[row + 1] { result.values[entry] /= divisors[row] }
    }
    return result
  }

  /// Consecutive rows.
  package func rows(_ range: Range<Int>) -> SparseMatrix {
    let entries = starts[range.lowerBound]..<starts[range.upperBound]
    return SparseMatrix(
      rowCount: range.count, columnCount: columnCount,
      starts: starts[range.lowerBound...range.upperBound].map { $0 - entries.lowerBound },
      columns: Array(columns[entries]), values: Array(values[entries]))
  }

  /// Collects the entries of a matrix row by row.
  package struct Builder {
    private let columnCount: Int
    private var starts = [0]
    private var columns: [Int32] = []
    private var values: [Double] = []
    private var isFull: Bool

    /// - Parameter capacity: about how many entries there will be; more than the limit are refused
    ///   before any is kept.
    package init(columnCount: Int, capacity: Int = 0) {
      self.columnCount = columnCount
      isFull = capacity > SparseMatrix.limit
      guard !isFull else { return }
      columns.reserveCapacity(capacity)
      values.reserveCapacity(capacity)
    }

    package mutating func add(_ value: Double, at column: Int) {
      guard !isFull, values.count < SparseMatrix.limit else {
        isFull = true
        return
      }
      columns.append(Int32(column))
      values.append(value)
    }

    package mutating func endRow() { starts.append(values.count) }

    /// The matrix.
    /// - Throws: `tooLarge` where there were more entries than `SparseMatrix.limit`.
    package func finished() throws(LinearProblem) -> SparseMatrix {
      guard !isFull else { throw .tooLarge }
      return SparseMatrix(
        rowCount: starts.count - 1, columnCount: columnCount, starts: starts, columns: columns,
        values: values)
    }
  }
}

/// Why a layer has no matrix.
package enum LinearProblem: Error {
  /// It is not affine in what depends on the input.
  case notAffine
  /// The matrix has more entries than `SparseMatrix.limit`.
  case tooLarge
}
