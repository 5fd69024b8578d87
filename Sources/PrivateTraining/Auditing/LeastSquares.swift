/// Overdetermined linear equations with several right-hand sides, solved by Householder reflections
/// in double precision. For hundreds of unknowns: the cost is O(equations unknowns^2).
struct LeastSquares {
  private let unknowns: Int
  private let sides: Int
  /// One an equation: its coefficients, then its right-hand sides.
  private var rows: [[Double]] = []

  init(unknowns: Int, sides: Int) {
    self.unknowns = unknowns
    self.sides = sides
  }

  /// Adds one equation for each side.
  mutating func append(_ coefficients: [Double], equals values: [Double]) {
    precondition(
      coefficients.count == unknowns && values.count == sides,
      "\(coefficients.count) coefficients and \(values.count) sides for \(unknowns) and \(sides)")
    rows.append(coefficients + values)
  }

  /// `[unknowns, sides]`: what leaves the smallest sum of squares. Nil where the equations do not
  /// determine it, or only with an error amplified more than 1e10 times.
  func solve() -> [[Double]]? {
    guard rows.count >= unknowns else { return nil }
    var rows = rows
    for column in 0..<unknowns {
      let length = rows[column...].reduce(0.0) { $0 + $1[column] * $1[column] }.squareRoot()
      guard length > 0 else { return nil }
      // The reflection that maps the column to a multiple of the axis, away from cancellation.
      let target = rows[column][column] > 0 ? -length : length
      var axis = rows[column...].map { $0[column] }
      axis[0] -= target
      let square = axis.reduce(0) { $0 + $1 * $1 }
      for other in column..<unknowns + sides {
        var product = 0.0
        for (offset, value) in axis.enumerated() { product += value * rows[column + offset][other] }
        let factor = 2 * product / square
        for (offset, value) in axis.enumerated() { rows[column + offset][other] -= factor * value }
      }
    }
    let diagonal = (0..<unknowns).map { abs(rows[$0][$0]) }
    guard let smallest = diagonal.min(), let largest = diagonal.max(), smallest > 1e-10 * largest
    else { return nil }
    var solution = [[Double]](repeating: [Double](repeating: 0, count: sides), count: unknowns)
    for row in (0..<unknowns).reversed() {
      for side in 0..<sides {
        var value = rows[row][unknowns + side]
        for other in row + 1..<unknowns { value -= rows[row][other] * solution[other][side] }
        solution[row][side] = value / rows[row][row]
      }
    }
    return solution
  }
}
