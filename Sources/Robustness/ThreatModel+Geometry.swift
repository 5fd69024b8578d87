extension ThreatModel {
  /// How much more than the radius `contains` grants by default, as a part of the radius: room for
  /// an attack that rounds for itself. `project` needs a thousandth of it.
  public static let tolerance = 1e-6

  /// The size of the change from `origin` to `row`, summed in double precision.
  ///
  /// NaN where a value is NaN, except for `l0`, which counts it as a change.
  public func distance(_ row: Row, from origin: Row) -> Double {
    precondition(row.count == origin.count, "\(row.count) values around \(origin.count)")
    var result = 0.0
    switch norm {
    case .linf:
      for index in row.indices {
        let change = (Double(row[index]) - Double(origin[index])).magnitude
        if change.isNaN { return .nan }
        result = max(result, change)
      }
    case .l2:
      for index in row.indices {
        let change = Double(row[index]) - Double(origin[index])
        result += change * change
      }
      result = result.squareRoot()
    case .l1:
      for index in row.indices { result += (Double(row[index]) - Double(origin[index])).magnitude }
    case .l0:
      for index in row.indices where row[index] != origin[index] { result += 1 }
    }
    return result
  }

  /// True where `row` lies within the bounds, exactly, and within `radius * (1 + tolerance)` of
  /// `origin`. A row with a NaN is nowhere.
  public func contains(
    _ row: Row, around origin: Row, tolerance: Double = ThreatModel.tolerance
  ) -> Bool {
    row.allSatisfy { bounds.contains($0) }
      && distance(row, from: origin) <= Double(radius) * (1 + tolerance)
  }

  /// Moves `row` into the ball around `origin` and into the bounds.
  ///
  /// | norm | result |
  /// |---|---|
  /// | linf | each value clipped to the ball, then to the bounds |
  /// | l2 | the change scaled to the radius, then clipped to the bounds |
  /// | l1 | the nearest point of ball and bounds together (Euclidean) |
  /// | l0 | the nearest such point: the changes that matter most stay, the first of equals |
  ///
  /// Values are rounded towards `origin`, so that the distance is at most the radius in exact
  /// arithmetic (one part in 10^9 for l2 and l1, whose sums are rounded); a point that obeys is
  /// not moved. NaN goes back to `origin`. Where `origin` itself is out of bounds, bounds win.
  public func project(_ row: MutableRow, around origin: Row) {
    precondition(row.count == origin.count, "\(row.count) values around \(origin.count)")
    switch norm {
    case .linf: for index in row.indices { row[index] = clamped(row[index], around: origin[index]) }
    case .l2: projectL2(row, around: origin)
    case .l1: projectL1(row, around: origin)
    case .l0: projectL0(row, around: origin)
    }
  }

  /// `value` clipped to the linf ball around `origin`, then to the bounds.
  @inline(__always)
  func clamped(_ value: Float, around origin: Float) -> Float {
    let upper = Self.sum(origin, radius)
    let lower = -Self.sum(-origin, radius)
    let known = value == value ? value : origin
    let inBall = min(max(known, lower), upper)
    return min(max(inBall, bounds.lowerBound), bounds.upperBound)
  }

  /// The largest number that is at most `a + b`, without branches.
  @inline(__always)
  private static func sum(_ a: Float, _ b: Float) -> Float {
    // Knuth's two-sum: `sum + error` is exactly `a + b`.
    let sum = a + b
    let part = sum - a
    let error = (a - (sum - part)) + (b - part)
    let below = sum.bitPattern &+ (sum > 0 ? ~0 : 1)
    return error < 0 ? Float(bitPattern: below) : sum
  }

  /// `value` within the bounds.
  @inline(__always)
  func bounded(_ value: Float) -> Float {
    min(max(value, bounds.lowerBound), bounds.upperBound)
  }

  /// `value - origin`, with NaN as no change and infinities as the largest number.
  @inline(__always)
  func change(_ value: Float, _ origin: Float) -> Double {
    Double(Self.usable(value == value ? value : origin)) - Double(origin)
  }

  /// `value`, with NaN as zero and infinities as the largest number.
  @inline(__always)
  static func usable(_ value: Float) -> Float {
    let known = value == value ? value : 0
    let largest = Float.greatestFiniteMagnitude
    return min(max(known, -largest), largest)
  }

  /// `origin + change`, rounded towards `origin`.
  @inline(__always)
  static func moved(_ origin: Float, by change: Double) -> Float {
    let value = Float(Double(origin) + change)
    guard (Double(value) - Double(origin)).magnitude > change.magnitude else { return value }
    return value > origin ? value.nextDown : value.nextUp
  }

  /// True where a sum of changes may stay as it is.
  func allows(_ size: Double) -> Bool { size <= Double(radius) * (1 + 1e-9) }

  private func projectL2(_ row: MutableRow, around origin: Row) {
    var squares = 0.0
    for index in row.indices {
      let change = change(row[index], origin[index])
      squares += change * change
    }
    let length = squares.squareRoot()
    let scale = allows(length) ? 1 : Double(radius) / length
    for index in row.indices {
      let change = change(row[index], origin[index])
      let value = scale < 1 ? Self.moved(origin[index], by: change * scale) : row[index]
      row[index] = bounded(value == value ? value : origin[index])
    }
  }

  private func projectL0(_ row: MutableRow, around origin: Row) {
    // Keeping a change lowers the squared distance by wanted^2 - (wanted - kept)^2.
    var gains: [(index: Int, gain: Double)] = []
    for index in row.indices {
      let wanted = change(row[index], origin[index])
      row[index] = bounded(row[index] == row[index] ? row[index] : origin[index])
      let missing = wanted - (Double(row[index]) - Double(origin[index]))
      if row[index] != origin[index] {
        gains.append((index, wanted * wanted - missing * missing))
      }
    }
    let allowed = Int(min(Double(radius), Double(row.count)))
    guard gains.count > allowed else { return }
    gains.sort { $0.gain != $1.gain ? $0.gain > $1.gain : $0.index < $1.index }
    for (index, _) in gains[allowed...] { row[index] = bounded(origin[index]) }
  }
}
