import Robustness
import TestSupport
import Tensors
import Testing

@Suite struct ThreatModelGeometryTests {
  /// A norm and a radius that bites on 40 changes of a size around 1.
  static let cases: [(Norm, Float)] = [(.linf, 0.3), (.l2, 1.1), (.l1, 2.5), (.l0, 7)]

  @Test(arguments: [(Norm.linf, 4.0), (.l2, 5), (.l1, 7), (.l0, 2)])
  func measuresDistance(norm: Norm, expected: Double) {
    let threat = ThreatModel(norm: norm, radius: 1, bounds: -10...10)
    #expect(threat.distance([1, -2, 5], from: [1, 1, 1]) == expected)
  }

  @Test(arguments: Norm.allCases)
  func aPointWithNaNIsNowhere(norm: Norm) {
    let threat = ThreatModel(norm: norm, radius: 10, bounds: 0...1)
    #expect(!threat.contains([.nan, 0], around: [0, 0]))
    #expect(threat.contains([1, 0], around: [0, 0]))
    #expect(!threat.contains([1.0000001, 0], around: [0, 0]))
  }

  // By hand. linf: clip to 0.5 ± 0.2. l2: (0.3, 0.4) has length 0.5, so 0.25 halves it. l1: sizes
  // 0.3 and 0.4 add up to 0.7; a threshold of 0.1 leaves 0.2 + 0.3 = 0.5. l0: the larger stays.
  @Test(
    arguments: [
      (Norm.linf, Float(0.2), [0.7, 0.3]), (.l2, 0.25, [0.65, 0.3]), (.l1, 0.5, [0.7, 0.2]),
      (.l0, 1, [0.5, 0.1]),
    ] as [(Norm, Float, [Double])])
  func projectsByHand(norm: Norm, radius: Float, expected: [Double]) {
    let threat = ThreatModel(norm: norm, radius: radius, bounds: 0...1)
    expectClose(threat.projecting([0.8, 0.1], around: [0.5, 0.5]), expected, .rounding)
  }

  // l1 with a bound, by hand: wanted changes 2 and 1, room for 0.5 of the first, radius 1. The
  // threshold 0.5 leaves min(1.5, 0.5) + 0.5 = 1.
  @Test func givesWhatTheBoundsRefuseToOthers() {
    let threat = ThreatModel(norm: .l1, radius: 1, bounds: -1...1)
    expectClose(threat.projecting([2.5, 1], around: [0.5, 0]), [1, 0.5], .rounding)
  }

  @Test(arguments: cases)
  func projectsIntoBallAndBoundsAndNoFurther(norm: Norm, radius: Float) {
    let threat = ThreatModel(norm: norm, radius: radius, bounds: 0...1)
    for trial in 0..<200 {
      let (origin, wanted) = Self.points(trial)
      let projected = threat.projecting(wanted, around: origin)
      #expect(threat.contains(projected, around: origin, tolerance: 1e-9))
      #expect(threat.projecting(projected, around: origin) == projected)
      let inside = threat.projecting(origin, around: origin)
      #expect(inside == origin)
    }
  }

  @Test func neverLeavesTheLinfBallByARounding() {
    for trial in 0..<300 {
      let (origin, wanted) = Self.points(trial)
      let threat = ThreatModel(norm: .linf, radius: Float(1 + trial % 17) / 255, bounds: 0...1)
      let projected = threat.projecting(wanted, around: origin)
      for (value, center) in zip(projected, origin) {
        #expect((Double(value) - Double(center)).magnitude <= Double(threat.radius))
        #expect((value - center).magnitude <= threat.radius)
        let full = Double(threat.radius) - (Double(value) - Double(center)).magnitude
        #expect(full < 1.3e-7 || value == 0 || value == 1 || wanted.contains(value))
      }
    }
  }

  @Test(arguments: [(Norm.linf, Float(0.3)), (.l1, 2.5), (.l0, 7)])
  func findsTheNearestPoint(norm: Norm, radius: Float) {
    let threat = ThreatModel(norm: norm, radius: radius, bounds: 0...1)
    for trial in 0..<50 {
      let (origin, wanted) = Self.points(trial)
      let nearest = Self.squares(threat.projecting(wanted, around: origin), wanted)
      for other in 0..<50 {
        // Other points of the set, by projecting what is near the wanted point and what is not.
        let noise = RandomKey(seed: 5, purpose: .test, example: trial, draw: other).normals(40)
        let spread: Float = other % 2 == 0 ? 0.05 : 1
        let start = zip(wanted, noise).map { $0 + spread * $1 }
        let candidate = threat.projecting(start, around: origin)
        #expect(nearest <= Self.squares(candidate, wanted) + 1e-5)
      }
    }
  }

  @Test func l1AgreesWithBisection() {
    for trial in 0..<100 {
      let (origin, wanted) = Self.points(trial)
      let radius = [0.01, 0.5, 3, 12][trial % 4]
      let threat = ThreatModel(norm: .l1, radius: Float(radius), bounds: 0...1)
      let expected = Self.l1ByBisection(wanted, origin, Double(Float(radius)))
      expectClose(threat.projecting(wanted, around: origin), expected, .rounding)
    }
  }

  @Test(arguments: cases)
  func survivesWhatIsNoNumber(norm: Norm, radius: Float) {
    let threat = ThreatModel(norm: norm, radius: radius, bounds: 0...1)
    let origin: [Float] = [0.5, 0.25, 1, 0, 0.75]
    let projected = threat.projecting([.nan, .infinity, -.infinity, 0, 3e38], around: origin)
    #expect(projected[0] == 0.5 && threat.contains(projected, around: origin))
  }

  @Test(arguments: Norm.allCases)
  func aRadiusOfZeroGivesTheOrigin(norm: Norm) {
    let threat = ThreatModel(norm: norm, radius: 0, bounds: 0...1)
    let (origin, wanted) = Self.points(1)
    #expect(threat.projecting(wanted, around: origin) == origin)
  }

  /// An origin within [0, 1], a fifth of it at the bounds, and a point about 1 away.
  static func points(_ trial: Int) -> (origin: [Float], wanted: [Float]) {
    let key = RandomKey(seed: 3, purpose: .test, example: trial)
    let origin = key.uniforms(40).map { min(max($0 * 1.4 - 0.2, 0), 1) }
    return (origin, zip(origin, key.drawing(1).normals(40)).map { $0 + $1 })
  }

  static func squares(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
  }

  /// The definition, its threshold by halving an interval.
  static func l1ByBisection(_ wanted: [Float], _ origin: [Float], _ radius: Double) -> [Double] {
    func changes(_ threshold: Double) -> [Double] {
      zip(wanted, origin).map { wanted, origin in
        let change = Double(wanted) - Double(origin)
        let room = change > 0 ? 1 - Double(origin) : Double(origin)
        return (change < 0 ? -1 : 1) * min(max(change.magnitude - threshold, 0), room)
      }
    }
    var (low, high) = (0.0, 10.0)
    for _ in 0..<200 where changes(0).reduce(0, { $0 + $1.magnitude }) > radius {
      let middle = (low + high) / 2
      if changes(middle).reduce(0, { $0 + $1.magnitude }) > radius {
        low = middle
      } else {
        high = middle
      }
    }
    return zip(origin, changes(low)).map { Double($0) + $1 }
  }
}

extension ThreatModel {
  func distance(_ point: [Float], from origin: [Float]) -> Double {
    point.withUnsafeBufferPointer { point in
      origin.withUnsafeBufferPointer { distance(point, from: $0) }
    }
  }

  func contains(
    _ point: [Float], around origin: [Float], tolerance: Double = ThreatModel.tolerance
  ) -> Bool {
    point.withUnsafeBufferPointer { point in
      origin.withUnsafeBufferPointer { contains(point, around: $0, tolerance: tolerance) }
    }
  }

  func projecting(_ point: [Float], around origin: [Float]) -> [Float] {
    var result = point
    result.withUnsafeMutableBufferPointer { point in
      origin.withUnsafeBufferPointer { project(point, around: $0) }
    }
    return result
  }
}
