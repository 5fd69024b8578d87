import Foundation
import Tensors
import Testing

/// What certificates and privacy rest on: tails of the normals as far as five deviations, and
/// streams that know nothing of each other. Every bound is five deviations of what it bounds.
@Suite struct RandomQualityTests {
  /// P(|z| > t) = erfc(t / sqrt 2), counted among 2^27 normals.
  @Test func tailsHaveTheirWeightToFiveDeviations() {
    let rows = 1 << 11
    let size = 1 << 16
    var counts = [Int](repeating: 0, count: 3)
    var numbers = [Float](repeating: 0, count: size)
    for row in 0..<rows {
      numbers.withUnsafeMutableBufferPointer { numbers in
        RandomKey(seed: 21, purpose: .test, example: row).fillNormals(numbers)
        // Few are beyond three: those are looked at again.
        for number in numbers where number.magnitude > 3 {
          counts[0] += 1
          if number.magnitude > 4 { counts[1] += 1 }
          if number.magnitude > 5 { counts[2] += 1 }
        }
      }
    }
    for (bound, count) in zip([3.0, 4, 5], counts) {
      let expected = erfc(bound / 2.squareRoot()) * Double(rows * size)
      #expect(
        abs(Double(count) - expected) < 5 * expected.squareRoot(),
        "\(count) beyond \(bound), expected \(expected)")
    }
  }

  /// The same of the normals in double precision, among 2^24: beyond three and four.
  @Test func wideTailsHaveTheirWeight() {
    let size = 1 << 16
    var counts = [0, 0]
    var numbers = [Double](repeating: 0, count: size)
    for row in 0..<256 {
      let bits = RandomKey(seed: 22, purpose: .test, example: row).bits(2 * size)
      let words = (0..<size).map { UInt64(bits[2 * $0]) << 32 | UInt64(bits[2 * $0 + 1]) }
      numbers.withUnsafeMutableBufferPointer { numbers in
        words.withUnsafeBufferPointer { fillNormals(numbers, from: $0) }
        for number in numbers where number.magnitude > 3 {
          counts[0] += 1
          if number.magnitude > 4 { counts[1] += 1 }
        }
      }
    }
    for (bound, count) in zip([3.0, 4], counts) {
      let expected = erfc(bound / 2.squareRoot()) * Double(256 * size)
      #expect(abs(Double(count) - expected) < 5 * expected.squareRoot(), "beyond \(bound)")
    }
  }

  /// Keys that differ in one part, by little.
  static let neighbours: [(name: String, key: RandomKey)] = [
    ("seed", RandomKey(seed: 32, purpose: .test, example: 5, draw: 7)),
    ("purpose", RandomKey(seed: 31, purpose: .augmentation, example: 5, draw: 7)),
    ("example", RandomKey(seed: 31, purpose: .test, example: 6, draw: 7)),
    ("far example", RandomKey(seed: 31, purpose: .test, example: 5 + 1 << 32, draw: 7)),
    ("draw", RandomKey(seed: 31, purpose: .test, example: 5, draw: 8)),
    // The same stream, an element later.
    ("element", RandomKey(seed: 31, purpose: .test, example: 5, draw: 7)),
  ]
  static let base = RandomKey(seed: 31, purpose: .test, example: 5, draw: 7)

  private static func pair(_ index: Int) -> (key: RandomKey, lag: Int) {
    (neighbours[index].key, neighbours[index].name == "element" ? 1 : 0)
  }

  /// Products of two normals of different streams have mean 0 and variance 1; those of their
  /// squares less one, mean 0 and variance 4.
  @Test(arguments: neighbours.indices)
  func normalsOfNeighbouringKeysAreUncorrelated(_ index: Int) {
    let count = 1 << 20
    let (key, lag) = Self.pair(index)
    let one = Self.base.normals(count)
    let other = key.normals(count + lag)
    var (sum, squares) = (0.0, 0.0)
    for index in 0..<count {
      let (x, y) = (Double(one[index]), Double(other[index + lag]))
      sum += x * y
      squares += (x * x - 1) * (y * y - 1)
    }
    let deviation = Double(count).squareRoot()
    #expect(abs(sum) < 5 * deviation, "\(Self.neighbours[index].name)")
    #expect(abs(squares) < 5 * 2 * deviation, "squares, \(Self.neighbours[index].name)")
  }

  /// Pairs of words, each by its six highest bits and by its six lowest: 4096 cells whose counts
  /// give a chi-square of 4095 degrees of freedom, of variance 8190.
  @Test(arguments: neighbours.indices, [26, 0])
  func pairsOfWordsFillTheSquareEvenly(_ index: Int, shift: Int) {
    let count = 1 << 21
    let (key, lag) = Self.pair(index)
    let one = Self.base.bits(count)
    let other = key.bits(count + lag)
    var cells = [Int](repeating: 0, count: 4096)
    for index in 0..<count {
      cells[Int(one[index] >> shift & 63) << 6 | Int(other[index + lag] >> shift & 63)] += 1
    }
    let expected = Double(count) / 4096
    let statistic = cells.reduce(0) {
      $0 + (Double($1) - expected) * (Double($1) - expected) / expected
    }
    #expect(
      abs(statistic - 4095) < 5 * 8190.0.squareRoot(),
      "\(statistic), \(Self.neighbours[index].name)")
  }
}
