internal import Foundation

/// A point of a drawing: x to the right, y downwards.
struct Point: Sendable {
  var x: Double
  var y: Double

  /// The distance to the line segment between two points.
  func distance(_ start: Point, _ end: Point) -> Double {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let length = dx * dx + dy * dy
    let along = length > 0 ? ((x - start.x) * dx + (y - start.y) * dy) / length : 0
    let t = min(max(along, 0), 1)
    let (ex, ey) = (start.x + t * dx - x, start.y + t * dy - y)
    return (ex * ex + ey * ey).squareRoot()
  }
}

/// The digits as strokes in a box from -0.5 to 0.5.
enum DigitStrokes {
  /// For each digit its strokes, for each stroke points close enough to bend.
  static let strokes: [[[Point]]] = [
    [arc(0, 0, 0.31, 0.48, -90, 270)],
    [line((-0.17, -0.3), (0.03, -0.5), (0.03, 0.5))],
    [arc(0, -0.21, 0.3, 0.28, -170, 35) + line((-0.3, 0.5), (0.32, 0.5))],
    [arc(-0.02, -0.26, 0.27, 0.24, -150, 90), arc(-0.02, 0.24, 0.31, 0.26, -90, 150)],
    [line((0.13, 0.5), (0.13, -0.5), (-0.32, 0.17), (0.33, 0.17))],
    [
      line((0.27, -0.5), (-0.22, -0.5), (-0.25, -0.05)),
      arc(0, 0.18, 0.31, 0.32, -143, 145),
    ],
    [arc(0.25, 0.2, 0.55, 0.7, -105, -180), arc(0, 0.2, 0.3, 0.29, -180, 180)],
    [line((-0.3, -0.5), (0.31, -0.5), (-0.08, 0.5))],
    [arc(0, -0.26, 0.24, 0.23, 90, 450), arc(0, 0.24, 0.3, 0.26, -90, 270)],
    [arc(0, -0.2, 0.29, 0.29, 0, 360), arc(-0.26, -0.2, 0.55, 0.7, 0, 68)],
  ]

  /// A polygonal line with points between its corners.
  private static func line(_ corners: (x: Double, y: Double)...) -> [Point] {
    let steps = 8
    var points = corners.prefix(1).map { Point(x: $0.x, y: $0.y) }
    for (start, end) in zip(corners, corners.dropFirst()) {
      for step in 1...steps {
        let t = Double(step) / Double(steps)
        points.append(
          Point(x: start.x + t * (end.x - start.x), y: start.y + t * (end.y - start.y)))
      }
    }
    return points
  }

  /// Part of an ellipse, from one angle to another in degrees; -90 is its top, 0 its right end.
  private static func arc(
    _ x: Double, _ y: Double, _ radiusX: Double, _ radiusY: Double, _ from: Double, _ to: Double
  ) -> [Point] {
    let steps = max(Int(abs(to - from) / 15), 2)
    return (0...steps).map { step in
      let angle = (from + (to - from) * Double(step) / Double(steps)) * .pi / 180
      return Point(x: x + radiusX * cos(angle), y: y + radiusY * sin(angle))
    }
  }
}
