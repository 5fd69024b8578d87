import Foundation
import Tensors
import TestSupport
import Testing

/// Normals in double precision against the library's functions and against their distribution.
@Suite struct WideNormalsTests {
  private func words(_ count: Int) -> [UInt64] {
    let bits = RandomKey(seed: 6, purpose: .test).bits(2 * count)
    return (0..<count).map { UInt64(bits[2 * $0]) << 32 | UInt64(bits[2 * $0 + 1]) }
  }

  private func normals(_ words: [UInt64], _ count: Int) -> [Double] {
    var result = [Double](repeating: 0, count: count)
    result.withUnsafeMutableBufferPointer { result in
      words.withUnsafeBufferPointer { fillNormals(result, from: $0) }
    }
    return result
  }

  /// Radius sqrt(-2 ln u) from a block's first eight words, angle from the others.
  @Test func areBoxMullersFormula() {
    var words = words(4096)
    // The ends of the ranges.
    for (index, word) in [UInt64.min, .max, 1 << 63, 1 << 62, (1 << 62) - 1, 4096].enumerated() {
      words[index] = word
      words[16 + 8 + index] = word
    }
    let actual = normals(words, 4096)
    for block in 0..<256 {
      for lane in 0..<8 {
        let u = (Double(words[block * 16 + lane] >> 12) + 0.5) * 0x1p-52
        let angle = (Double(words[block * 16 + 8 + lane] >> 10) + 0.5) * 0x1p-53 * Double.pi
        let radius = (-2 * log(u)).squareRoot()
        let (x, y) = (actual[block * 16 + lane], actual[block * 16 + 8 + lane])
        // Roundings of double precision, the angle's included.
        #expect(abs(x - radius * sin(angle)) <= 1e-14 * radius)
        #expect(abs(y - radius * cos(angle)) <= 1e-14 * radius)
      }
    }
  }

  /// Moments of 2^18 normals within five standard deviations, and the tails' weight.
  @Test func areStandardNormals() {
    let count = 1 << 18
    let values = normals(words(count), count)
    func mean(_ power: Int) -> Double {
      values.reduce(0) { $0 + pow($1, Double(power)) } / Double(count)
    }
    let size = Double(count).squareRoot()
    // Each power's mean and variance: x^3 has E x^6 = 15, x^4 has E x^8 - 9 = 96.
    for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
      let distance = abs(mean(power) - expected)
      #expect(distance < 5 * variance.squareRoot() / size, "power \(power)")
    }
    let tail = Double(values.count { abs($0) > 3 }) / Double(count)
    let distance = abs(tail - 0.0026998)
    #expect(distance < 5 * 0.0027.squareRoot() / size)
  }

  @Test func aRunMayEndAnywhere() {
    let words = words(48)
    let whole = normals(words, 48)
    for count in [1, 7, 15, 16, 17, 33] {
      #expect(normals(words, count) == Array(whole.prefix(count)))
    }
  }
}
