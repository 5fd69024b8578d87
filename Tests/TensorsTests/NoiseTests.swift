import Tensors
import Testing

@Suite struct NoiseTests {
  private func laplace(_ count: Int) -> [Float] {
    var numbers = [Float](repeating: 0, count: count)
    numbers.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return }
      RandomKey(seed: 8, purpose: .test).addLaplace(to: base, count: count, into: base)
    }
    return numbers
  }

  @Test(arguments: [1, 63, 64, 65, 300, 2047, 2048, 2049, 5000])
  func addedNormalsAreTheKeysNormals(_ count: Int) {
    let key = RandomKey(seed: 5, purpose: .test, example: 3, draw: 2)
    let values = (0..<count).map { Float($0) * 0.25 - 7 }
    let scales = (0..<count).map { Float($0 % 5) + 0.5 }
    let normals = key.normals(count)
    var result = [Float](repeating: 0, count: count)
    key.addNormals(to: values, count: count, scale: 3, into: &result)
    #expect(result == zip(values, normals).map { $0 + $1 * 3 })
    scales.withUnsafeBufferPointer {
      key.addNormals(to: values, count: count, scales: $0.baseAddress, into: &result)
    }
    #expect(result == (0..<count).map { values[$0] + normals[$0] * scales[$0] })
  }

  @Test func laplaceNumbersDoNotDependOnHowManyThereAre() {
    let all = laplace(5000)
    for count in [1, 65, 2048, 2049, 4999] { #expect(laplace(count) == Array(all[..<count])) }
    #expect(Set(all).count > 4990)
  }

  @Test func anOffsetReachesIntoTheStream() {
    let key = RandomKey(seed: 5, purpose: .test)
    let zeros = [Float](repeating: 0, count: 70)
    var result = zeros
    key.addNormals(to: zeros, count: 70, offset: 128, into: &result)
    #expect(result == Array(key.normals(198)[128...]))
  }

  // Variance 2, fourth moment 24; their estimators' deviations are sqrt(20 / n) and
  // sqrt((8! - 24^2) / n). Bounds are 5 deviations.
  @Test func laplaceNumbersHaveTheirMoments() {
    let count = 1 << 20
    let numbers = laplace(count).map(Double.init)
    let n = Double(count)
    let mean = numbers.reduce(0, +) / n
    let second = numbers.reduce(0) { $0 + $1 * $1 } / n
    let fourth = numbers.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
    #expect(abs(mean) < 5 * (2 / n).squareRoot())
    #expect(abs(second - 2) < 5 * (20 / n).squareRoot())
    #expect(abs(fourth - 24) < 5 * (39744 / n).squareRoot())
  }

  // P(z > t) = exp(-t) / 2 on either side, to five binomial deviations.
  @Test(arguments: [0.5, 1, 2, 4, 8])
  func laplaceTailsAreExponential(_ bound: Float) {
    let count = 1 << 20
    let numbers = laplace(count)
    let expected = 0.5 * Double.exp(-Double(bound))
    let slack = 5 * (expected / Double(count)).squareRoot()
    for side in [1, -1] as [Float] {
      let share = Double(numbers.count { side * $0 > bound }) / Double(count)
      #expect(abs(share - expected) < slack)
    }
  }
}

extension Double {
  /// By its series; no mathematics library is imported here.
  fileprivate static func exp(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for index in 1..<80 {
      term *= x / Double(index)
      sum += term
    }
    return sum
  }
}
