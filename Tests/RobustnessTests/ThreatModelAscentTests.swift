import Robustness
import TestSupport
import Tensors
import Testing

@Suite struct ThreatModelAscentTests {
  @Test(
    arguments: [
      (Norm.linf, [1, -1, 0, -1]), (.l2, [0.6, -0.8, 0, -0]), (.l1, [0, -1, 0, 0]),
      (.l0, [0, -1, 0, 0]),
    ] as [(Norm, [Double])])
  func ascendsByHand(norm: Norm, expected: [Double]) {
    let threat = ThreatModel(norm: norm, radius: 1, bounds: -1...1)
    // The last is too small to show in l2.
    let direction = threat.steepestAscent(
      [3e-20, -4e-20, 0, -.leastNonzeroMagnitude], at: [0, 0, 0, 0])
    expectClose(direction, expected, .rounding)
  }

  @Test func sharesTheL1StepAmongEqualsThatCanMove() {
    let threat = ThreatModel(norm: .l1, radius: 1, bounds: 0...1)
    // 9 is at the upper bound already, -9 at the lower one.
    let direction = threat.steepestAscent([9, -9, 2, -2, 1, .nan], at: [1, 0, 0.5, 0.5, 0.5, 0.5])
    #expect(direction == [0, 0, 0.5, -0.5, 0, 0])
  }

  @Test(arguments: Norm.allCases)
  func zeroAndNaNHaveNoDirection(norm: Norm) {
    let threat = ThreatModel(norm: norm, radius: 1, bounds: -1...1)
    #expect(threat.steepestAscent([0, -0.0, .nan], at: [0, 0, 0]) == [0, 0, 0])
    let infinite = threat.steepestAscent([-.infinity, .nan, 1], at: [0, 0, 0])
    #expect(infinite[0] == -1 && infinite[1] == 0 && infinite[2].isFinite)
  }

  @Test(arguments: [Norm.linf, .l2, .l1])
  func noDirectionOfUnitSizeRisesFaster(norm: Norm) {
    let threat = ThreatModel(norm: norm, radius: 1, bounds: -100...100)
    let zeros = [Float](repeating: 0, count: 9)
    for trial in 0..<20 {
      let gradient = RandomKey(seed: 1, purpose: .test, example: trial).normals(9)
      let best = threat.steepestAscent(gradient, at: zeros)
      expectClose(threat.distance(best, from: zeros), 1, .rounding)
      let rise = zip(gradient, best).reduce(0) { $0 + $1.0 * $1.1 }
      for draw in 1...100 {
        let noise = RandomKey(seed: 1, purpose: .test, example: trial, draw: draw).normals(9)
        let size = Float(threat.distance(noise, from: zeros))
        #expect(zip(gradient, noise).reduce(0) { $0 + $1.0 * $1.1 } / size <= rise + 1e-5)
      }
    }
  }

  @Test(arguments: ThreatModelGeometryTests.cases)
  func aStepIsADirectionAndAProjection(norm: Norm, radius: Float) {
    let threat = ThreatModel(norm: norm, radius: radius, bounds: 0...1)
    for trial in 0..<50 {
      let (origin, wanted) = ThreatModelGeometryTests.points(trial)
      let gradient = RandomKey(seed: 4, purpose: .test, example: trial).normals(40)
      let start = threat.projecting(wanted, around: origin)
      let direction = threat.steepestAscent(gradient, at: start)
      var point = start
      point.withUnsafeMutableBufferPointer { point in
        gradient.withUnsafeBufferPointer { gradient in
          origin.withUnsafeBufferPointer {
            threat.ascend(point, along: gradient, by: 0.1, around: $0)
          }
        }
      }
      let moved = zip(start, direction).map { $0 + 0.1 * $1 }
      #expect(point == threat.projecting(moved, around: origin))
    }
  }

  @Test(arguments: ThreatModelGeometryTests.cases)
  func startsInTheBallAndFromItsKeyAlone(norm: Norm, radius: Float) {
    let threat = ThreatModel(norm: norm, radius: radius, bounds: 0...1)
    let (origin, _) = ThreatModelGeometryTests.points(0)
    var seen: Set<[Float]> = []
    for draw in 0..<100 {
      let key = RandomKey(seed: 1, purpose: .attackStart, draw: draw)
      let start = threat.start(around: origin, key: key)
      #expect(threat.contains(start, around: origin, tolerance: 1e-9))
      #expect(start == threat.start(around: origin, key: key))
      seen.insert(start)
    }
    #expect(seen.count == 100)
  }

  // In n dimensions the part (r/2)^n / r^n of a ball lies within half of its radius, and any value
  // has either sign equally often.
  @Test(arguments: [Norm.linf, .l2, .l1], [1, 3])
  func startsUniformly(norm: Norm, count: Int) {
    let threat = ThreatModel(norm: norm, radius: 2, bounds: -5...5)
    let origin = [Float](repeating: 1, count: count)
    var (inner, positive) = (0.0, 0.0)
    let draws = 4000
    for draw in 0..<draws {
      let key = RandomKey(seed: 9, purpose: .attackStart, draw: draw)
      let start = threat.start(around: origin, key: key)
      if threat.distance(start, from: origin) < 1 { inner += 1 }
      if start[0] > 1 { positive += 1 }
    }
    // Four standard deviations.
    let share = count == 1 ? 0.5 : 0.125
    let deviation = (share * (1 - share) / Double(draws)).squareRoot()
    #expect((inner / Double(draws) - share).magnitude < 4 * deviation)
    #expect((positive / Double(draws) - 0.5).magnitude < 4 * (0.25 / Double(draws)).squareRoot())
  }
}

extension ThreatModel {
  func steepestAscent(_ gradient: [Float], at point: [Float]) -> [Float] {
    var direction = [Float](repeating: .nan, count: gradient.count)
    direction.withUnsafeMutableBufferPointer { direction in
      gradient.withUnsafeBufferPointer { gradient in
        point.withUnsafeBufferPointer { steepestAscent(gradient, at: $0, into: direction) }
      }
    }
    return direction
  }

  func start(around origin: [Float], key: RandomKey) -> [Float] {
    var start = [Float](repeating: .nan, count: origin.count)
    start.withUnsafeMutableBufferPointer { start in
      origin.withUnsafeBufferPointer { randomStart(start, around: $0, key: key) }
    }
    return start
  }
}
