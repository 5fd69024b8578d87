internal import Foundation
internal import Tensors

/// Small gray images of the digits 0 to 9, drawn from strokes with random bends, slants and widths.
///
/// They stand in for a real data set where none may be copied: like handwriting they are ink on an
/// empty page, easy for a small network and easy to attack. Image `i` of a seed is always the same
/// picture, whatever else is drawn: its numbers come from the key (seed, `.fixture`, i).
public struct SyntheticDigits: Sendable {
  /// Which family of images is drawn.
  public var seed: UInt64
  /// Rows and columns of an image.
  public var side: Int

  public init(seed: UInt64, side: Int = 28) {
    precondition(side >= 8 && side <= 1024, "an image of \(side) pixels a side")
    self.seed = seed
    self.side = side
  }

  /// The images of some indices with their labels, `[1, side, side]` each.
  public func dataset(_ indices: Range<Int>) -> Dataset {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(indices.count * side * side)
    for index in indices { bytes += image(index) }
    return Dataset(
      name: "synthetic-digits", bytes: bytes, shape: [1, side, side],
      labels: indices.map(label), classCount: 10)
  }

  /// Writes a training and a test set as IDX files, which `Dataset.load` reads.
  ///
  /// - Parameters:
  ///   - folder: Where the four files go; it must exist.
  ///   - trainCount: Images of the training set.
  ///   - testCount: Images of the test set; none is in the training set.
  /// - Throws: ``DatasetError/file(_:)``.
  public func write(
    to folder: String, trainCount: Int, testCount: Int
  ) throws(DatasetError) {
    try dataset(0..<testCount).writeIDX(to: folder, split: "test")
    try dataset(testCount..<testCount + trainCount).writeIDX(to: folder, split: "train")
  }

  /// `count` images of a seed from index 0.
  public static func dataset(count: Int, seed: UInt64) -> Dataset {
    SyntheticDigits(seed: seed).dataset(0..<count)
  }

  /// The digit that image `index` shows.
  public func label(_ index: Int) -> Int {
    Int(RandomKey(seed: seed, purpose: .fixture, example: index).bits(1)[0] % 10)
  }

  /// The bytes of image `index`, `[side, side]`; 0 is the page, 255 full ink.
  public func image(_ index: Int) -> [UInt8] {
    let key = RandomKey(seed: seed, purpose: .fixture, example: index)
    let hand = Hand(key.drawing(1).uniforms(17).map { Double($0) })
    let strokes = DigitStrokes.strokes[label(index)].map { stroke in
      hand.lift(stroke).map { hand.place($0, side: Double(side)) }
    }
    let grain = key.drawing(2).normals(side * side)
    var bytes = [UInt8](repeating: 0, count: side * side)
    for row in 0..<side {
      for column in 0..<side {
        let pixel = Point(x: Double(column), y: Double(row))
        var distance = Double.infinity
        for stroke in strokes {
          for (start, end) in zip(stroke, stroke.dropFirst()) {
            distance = min(distance, pixel.distance(start, end))
          }
        }
        // Ink falls off over the width of a pixel, which smooths the edge.
        let edge = hand.halfWidth * Double(side) / 28 + 0.5 - distance
        let cover = min(max(edge / hand.softness, 0), 1)
        guard cover > 0 else { continue }
        let ink = hand.ink * cover * (1 + 0.08 * Double(grain[row * side + column]))
        bytes[row * side + column] = UInt8(min(max((255 * ink).rounded(), 0), 255))
      }
    }
    return bytes
  }
}

/// What differs between two drawings of the same digit.
private struct Hand {
  let halfWidth: Double
  let softness: Double
  let ink: Double
  private let rotation: Double
  private let slant: Double
  private let scaleX: Double
  private let scaleY: Double
  private let shift: Point
  private let bend: Point
  private let wave: Point
  private let phase: Point
  private let late: Double
  private let early: Double

  /// Takes 17 uniform numbers.
  init(_ numbers: [Double]) {
    func between(_ index: Int, _ lower: Double, _ upper: Double) -> Double {
      lower + (upper - lower) * numbers[index]
    }
    halfWidth = between(0, 0.75, 1.7)
    softness = between(1, 0.9, 1.6)
    ink = between(2, 0.75, 1.05)
    rotation = between(3, -0.4, 0.4)
    slant = between(4, -0.25, 0.45)
    scaleX = between(5, 0.55, 0.9)
    scaleY = between(6, 0.55, 0.76)
    shift = Point(x: between(7, -0.07, 0.07), y: between(8, -0.07, 0.07))
    bend = Point(x: between(9, -0.3, 0.3), y: between(10, -0.25, 0.25))
    wave = Point(x: between(11, -0.05, 0.05), y: between(12, -0.05, 0.05))
    late = between(15, 0, 0.11)
    early = between(16, 0, 0.11)
    phase = Point(x: between(13, 0, 2 * .pi), y: between(14, 0, 2 * .pi))
  }

  /// A stroke without its ends, where the pen was set down late or lifted early.
  func lift(_ stroke: [Point]) -> ArraySlice<Point> {
    let steps = Double(stroke.count)
    return stroke.dropFirst(Int(late * steps)).dropLast(Int(early * steps))
  }

  /// Where a point of a stroke comes to lie, in pixels.
  func place(_ point: Point, side: Double) -> Point {
    let bent = Point(
      x: point.x + bend.x * point.y * point.y + wave.x * sin(7 * point.y + phase.x),
      y: point.y + bend.y * point.x * point.x + wave.y * sin(7 * point.x + phase.y))
    let x = scaleX * bent.x - slant * scaleY * bent.y
    let y = scaleY * bent.y
    let turned = Point(
      x: cos(rotation) * x - sin(rotation) * y, y: sin(rotation) * x + cos(rotation) * y)
    return Point(
      x: (0.5 + turned.x + shift.x) * side - 0.5, y: (0.5 + turned.y + shift.y) * side - 0.5)
  }
}
