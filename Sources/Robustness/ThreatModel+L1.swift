extension ThreatModel {
  /// Euclidean projection onto the l1 ball around `origin` and the bounds together.
  ///
  /// With `a` the wanted change's size and `c` the room that the bounds leave in its direction, the
  /// nearest change has size `min(max(a - t, 0), c)` for the threshold `t >= 0` at which the sizes
  /// add up to the radius (Duchi et al., "Efficient Projections onto the l1-Ball", 2008; with
  /// bounds: Croce and Hein, "Mind the Box", 2021). The sum is piecewise linear and falls in `t`,
  /// so Newton's method inside a bracket ends on the exact piece: O(values) a step, few steps.
  func projectL1(_ row: MutableRow, around origin: Row) {
    var largest = 0.0
    var total = 0.0
    for index in row.indices {
      let change = change(row[index], origin[index])
      largest = max(largest, change.magnitude)
      total += min(change.magnitude, room(at: origin[index], towards: change))
    }
    let threshold = allows(total) ? 0 : threshold(row, origin, largest)
    for index in row.indices {
      let change = change(row[index], origin[index])
      let size = change.magnitude - threshold
      let value =
        threshold == 0
        ? row[index]
        : size > 0
          ? Self.moved(origin[index], by: change < 0 ? -size : size)
          : origin[index]
      row[index] = bounded(value == value ? value : origin[index])
    }
  }

  /// How far `origin` can move in the direction of `change` within the bounds.
  @inline(__always)
  private func room(at origin: Float, towards change: Double) -> Double {
    let room =
      change > 0
      ? Double(bounds.upperBound) - Double(origin) : Double(origin) - Double(bounds.lowerBound)
    return max(room, 0)
  }

  /// The threshold whose sizes add up to the radius; some do at 0, none at `largest`.
  private func threshold(_ row: MutableRow, _ origin: Row, _ largest: Double) -> Double {
    let radius = Double(radius)
    var bracket = (low: 0.0, high: largest)
    var threshold = 0.0
    while true {
      var total = 0.0
      var sloping = 0.0
      for index in row.indices {
        let change = change(row[index], origin[index])
        let size = max(change.magnitude - threshold, 0)
        let room = room(at: origin[index], towards: change)
        total += min(size, room)
        if size > 0 && size <= room { sloping += 1 }
      }
      if (total - radius).magnitude <= 1e-12 * radius { return threshold }
      if total > radius { bracket.low = threshold } else { bracket.high = threshold }
      let newton = threshold + (total - radius) / sloping
      let middle = bracket.low + (bracket.high - bracket.low) / 2
      // A sloping count of zero makes `newton` infinite or NaN: the comparison refuses both.
      threshold = newton > bracket.low && newton < bracket.high ? newton : middle
      if !(threshold > bracket.low && threshold < bracket.high) { return bracket.high }
    }
  }
}
