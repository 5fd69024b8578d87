import Imaging
import Tensors
import Testing

@Suite struct QuantizationTests {
  /// The rule spelled out over all levels.
  private func reference(
    _ value: Float, _ lower: Float, _ upper: Float, _ scale: PixelScale
  ) -> (level: Int, inside: Bool) {
    let table = scale.table
    let inside = table.indices.filter { table[$0] >= lower && table[$0] <= upper }
    let candidates = inside.isEmpty ? Array(table.indices) : inside
    let level = candidates.min {
      abs(Double(table[$0]) - Double(value)) < abs(Double(table[$1]) - Double(value))
    }
    return (level ?? 0, !inside.isEmpty)
  }

  @Test func handCase() {
    // 100/255 = 0.39216; a ball of 0.01 holds levels 97.45 to 102.55, so 98 to 102; the value
    // 0.4022 is level 102.56, whose nearest level 103 lies outside.
    let clean: Float = 100.0 / 255
    let result = Quantization(
      [clean + 0.01], lower: [clean - 0.01], upper: [clean + 0.01], scale: PixelScale())
    #expect(result.levels == [102])
    #expect(result.outsideCount == 0)
  }

  @Test(arguments: [0...1, -1...1, 0...255, -2.5...7] as [ClosedRange<Float>])
  func agreesWithASearchOverAllLevels(range: ClosedRange<Float>) {
    let scale = PixelScale(range: range)
    let width = range.upperBound - range.lowerBound
    let numbers = RandomKey(seed: 1, purpose: .test).uniforms(1200)
    for index in 0..<400 {
      let value = range.lowerBound + width * numbers[3 * index]
      let lower = value - width * numbers[3 * index + 1] / 100
      let upper = value + width * numbers[3 * index + 2] / 100
      let result = Quantization([value], lower: [lower], upper: [upper], scale: scale)
      let expected = reference(value, lower, upper, scale)
      #expect(result.outsideCount == (expected.inside ? 0 : 1))
      let distance = abs(Double(scale.value(of: result.levels[0])) - Double(value))
      let best = abs(Double(scale.table[expected.level]) - Double(value))
      #expect(distance <= best * (1 + 1e-5))
    }
  }

  @Test(arguments: [8, 16])
  func anImageOnLevelsStaysInItsBall(bits: Int) {
    let scale = PixelScale(bits: bits)
    let clean = RandomKey(seed: 2, purpose: .test).bits(2000).map {
      scale.value(of: UInt16($0 % 256) * (bits == 8 ? 1 : 257))
    }
    let noise = RandomKey(seed: 3, purpose: .test).uniforms(2000)
    for epsilon: Float in [0, 1e-4, 1.0 / 255, 0.03, 0.3] {
      let lower = clean.map { max($0 - epsilon, 0) }
      let upper = clean.map { min($0 + epsilon, 1) }
      let values = clean.indices.map { lower[$0] + (upper[$0] - lower[$0]) * noise[$0] }
      let result = Quantization(values, lower: lower, upper: upper, scale: scale)
      #expect(result.outsideCount == 0)
      let read = result.levels.map(scale.value(of:))
      #expect(read.indices.allSatisfy { read[$0] >= lower[$0] && read[$0] <= upper[$0] })
    }
  }

  @Test func roundingTowardsTheCleanImageShortensEveryComponent() {
    let scale = PixelScale()
    let clean = RandomKey(seed: 4, purpose: .test).bits(500).map {
      scale.value(of: UInt16($0 % 256))
    }
    let values = RandomKey(seed: 5, purpose: .test).uniforms(500)
    let result = Quantization(
      values, lower: zip(clean, values).map { min($0, $1) },
      upper: zip(clean, values).map { max($0, $1) }, scale: scale)
    #expect(result.outsideCount == 0)
    for (index, level) in result.levels.enumerated() {
      #expect(abs(scale.value(of: level) - clean[index]) <= abs(values[index] - clean[index]))
    }
  }

  @Test func countsWhatHasNoLevelInside() {
    let result = Quantization(
      [0.3001, 0.5, .nan], lower: [0.3, 0, 0.1], upper: [0.3002, 1, 0.2], scale: PixelScale())
    // 0.3001 * 255 = 76.53; 0.3 to 0.3002 is 76.5 to 76.55.
    #expect(result.levels[0] == 77)
    #expect(result.outsideCount == 1)
    // NaN becomes the lowest level inside: 0.1 * 255 = 25.5.
    #expect(result.levels[2] == 26)
  }

  @Test func boundsThatAreNotNumbersAreHarmless() {
    let result = Quantization(
      [0.5, 0.5, 0.5], lower: [.nan, -.infinity, .infinity], upper: [1, .infinity, -.infinity],
      scale: PixelScale())
    #expect(result.outsideCount == 2)
    #expect(result.levels == [128, 128, 128])
  }
}
