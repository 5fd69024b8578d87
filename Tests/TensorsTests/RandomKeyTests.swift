import CKernels
import Tensors
import Testing

@Suite struct RandomKeyTests {
  /// The known answer of Philox4x32-10 for zero key and counter, from the authors' test vectors.
  @Test func matchesTheKnownAnswer() {
    let words = RandomKey(seed: 0, purpose: .init(rawValue: 0)).bits(64)
    #expect(
      [words[0], words[16], words[32], words[48]] == [
        0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8,
      ])
  }

  /// Every word of some blocks, the counter's overflow among them, against the algorithm word by word
  /// (J. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011).
  @Test(arguments: [0, 7, 0xffff_fff4] as [UInt64])
  func matchesTheAlgorithm(_ block: UInt64) {
    let seed: UInt64 = 0x0123_4567_89ab_cdef
    let middle: UInt64 = 0xfedc_ba98_7654_3210
    let high: UInt32 = 0x8000_0001
    var words = [UInt32](repeating: 0, count: 200)
    ck_random_bits(&words, 200, seed, high, middle, block)
    for (index, word) in words.enumerated() {
      var counter = [
        UInt32(truncatingIfNeeded: block) &+ UInt32(index / 64 * 16 + index % 16),
        UInt32(truncatingIfNeeded: middle), UInt32(middle >> 32), high,
      ]
      var key = (UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32))
      for _ in 0..<10 {
        let first = counter[0].multipliedFullWidth(by: 0xD251_1F53)
        let second = counter[2].multipliedFullWidth(by: 0xCD9E_8D57)
        counter = [
          second.high ^ counter[1] ^ key.0, second.low, first.high ^ counter[3] ^ key.1, first.low,
        ]
        key = (key.0 &+ 0x9E37_79B9, key.1 &+ 0xBB67_AE85)
      }
      #expect(word == counter[index % 64 / 16])
    }
  }

  @Test func partsOfAStreamAreTheStream() {
    let key = RandomKey(seed: 9, purpose: .test, example: 1 << 40, draw: 3)
    let whole = key.normals(300)
    var part = [Float](repeating: 0, count: 172)
    part.withUnsafeMutableBufferPointer { key.fillNormals($0, offset: 128) }
    #expect(Array(whole[128...]) == part)
  }

  @Test func keysDoNotShareNumbers() {
    let base = RandomKey(seed: 1, purpose: .test, example: 5, draw: 2)
    var others = [
      RandomKey(seed: 2, purpose: .test, example: 5, draw: 2),
      RandomKey(seed: 1, purpose: .target, example: 5, draw: 2),
      RandomKey(seed: 1, purpose: .test, example: 6, draw: 2),
      RandomKey(seed: 1, purpose: .test, example: 5 + 1 << 33, draw: 2),
      base.drawing(3),
    ]
    others.append(RandomKey(seed: 1 + 1 << 40, purpose: .test, example: 5, draw: 2))
    for other in others { #expect(Set(other.bits(64)).isDisjoint(with: base.bits(64))) }
  }

  @Test func normalsHaveTheMomentsOfNormals() {
    let count = 1 << 20
    let numbers = RandomKey(seed: 4, purpose: .test).normals(count).map(Double.init)
    let n = Double(count)
    let mean = numbers.reduce(0, +) / n
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
    let third = numbers.reduce(0) { $0 + $1 * $1 * $1 } / n
    let fourth = numbers.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
    // Five standard errors of each moment.
    #expect(abs(mean) < 5 / n.squareRoot())
    #expect(abs(variance - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(third) < 5 * (15 / n).squareRoot())
    #expect(abs(fourth - 3) < 5 * (96 / n).squareRoot())
    #expect(numbers.allSatisfy { abs($0) < 6.78 })
  }

  @Test func uniformsStayInsideTheInterval() {
    let numbers = RandomKey(seed: 4, purpose: .test).uniforms(100_000)
    #expect(numbers.allSatisfy { $0 > 0 && $0 < 1 })
    let mean = numbers.reduce(0) { $0 + Double($1) } / 100_000
    #expect(abs(mean - 0.5) < 5 * (1.0 / 12 / 100_000).squareRoot())
  }
}
