public import Tensors

extension ThreatModel {
  /// The direction of unit size in which the loss rises fastest.
  ///
  /// | norm | direction |
  /// |---|---|
  /// | linf | `sign(g)`, with `sign(0) = 0` |
  /// | l2 | `g / ‖g‖₂`, for any gradient but zero |
  /// | l1, l0 | the sign at the largest `|g|`, shared equally among equals |
  ///
  /// For l1 and l0 only values that the bounds let move count: a value at its bound would take the
  /// whole step and go nowhere. NaN counts as 0, an infinity as the largest number. A gradient of
  /// zero has the direction zero.
  public func steepestAscent(_ gradient: Row, at point: Row, into direction: MutableRow) {
    precondition(
      gradient.count == direction.count && point.count == direction.count, "rows differ in length")
    switch norm {
    case .linf:
      for index in direction.indices {
        direction[index] = gradient[index] > 0 ? 1 : gradient[index] < 0 ? -1 : 0
      }
    case .l2:
      var squares = 0.0
      for value in gradient {
        let value = Double(Self.usable(value))
        squares += value * value
      }
      let scale = squares > 0 ? 1 / squares.squareRoot() : 0
      for index in direction.indices {
        direction[index] = Float(Double(Self.usable(gradient[index])) * scale)
      }
    case .l1, .l0:
      var largest: Float = 0
      var ties: Float = 0
      for index in direction.indices {
        let value = Self.usable(gradient[index])
        let isFree = value > 0 ? point[index] < bounds.upperBound : point[index] > bounds.lowerBound
        direction[index] = isFree ? value : 0
        let size = direction[index].magnitude
        if size > largest { (largest, ties) = (size, 1) } else if size == largest { ties += 1 }
      }
      for index in direction.indices {
        let value = direction[index]
        let isLargest = value != 0 && value.magnitude == largest
        direction[index] = isLargest ? (value > 0 ? 1 : -1) / ties : 0
      }
    }
  }

  /// Moves `point` by `step` along the steepest ascent of `gradient`, then into the ball around
  /// `origin` and the bounds.
  public func ascend(
    _ point: MutableRow, along gradient: Row, by step: Float, around origin: Row
  ) {
    precondition(
      point.count == gradient.count && point.count == origin.count, "rows differ in length")
    guard norm != .linf else {
      // All in one pass.
      for index in point.indices {
        let slope = gradient[index]
        let move = slope > 0 ? step : slope < 0 ? -step : 0
        point[index] = clamped(point[index] + move, around: origin[index])
      }
      return
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: point.count) { direction in
      steepestAscent(gradient, at: Row(point), into: direction)
      for index in point.indices { point[index] += step * direction[index] }
    }
    project(point, around: origin)
  }

  /// Fills `row` with a point drawn uniformly from the ball around `origin`, brought within the
  /// bounds.
  ///
  /// From normals alone, so that every machine draws the same bits: the first n coordinates of a
  /// uniform point on the sphere in n + 2 dimensions are uniform in the l2 ball (Harman and Lacko,
  /// 2010), and half the sum of two squared normals is exponential, of which n over the sum of
  /// n + 1 are uniform in the simplex. For l0: uniform within the bounds, then projected.
  public func randomStart(_ row: MutableRow, around origin: Row, key: RandomKey) {
    precondition(row.count == origin.count, "\(row.count) values around \(origin.count)")
    let count = row.count
    switch norm {
    case .linf, .l0:
      let low = bounds.lowerBound
      let span = bounds.upperBound - bounds.lowerBound
      for (index, number) in key.uniforms(count).enumerated() {
        row[index] =
          norm == .linf ? origin[index] + radius * (2 * number - 1) : low + span * number
      }
    case .l2:
      let normals = key.normals(count + 2)
      let scale =
        Double(radius)
        / normals.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      for index in row.indices {
        row[index] = Self.moved(origin[index], by: Double(normals[index]) * scale)
      }
    case .l1:
      let normals = key.normals(2 * (count + 1)).map(Double.init)
      let total = normals.reduce(0) { $0 + $1 * $1 }
      for index in row.indices {
        let (first, second) = (normals[2 * index], normals[2 * index + 1])
        let size = Double(radius) * (first * first + second * second) / total
        row[index] = Self.moved(origin[index], by: first < 0 ? -size : size)
      }
    }
    project(row, around: origin)
  }
}
