import Foundation
import Robustness
import TestSupport
import Tensors
import Testing

@Suite struct CriterionLossTests {
  static let criteria: [Criterion] = [.untargeted(label: 1), .targeted(1)]

  // logits ln 1, ln 6, ln 3: softmax 0.1, 0.6, 0.3. softmax - onehot(1) = (0.1, -0.4, 0.3), divided
  // by 1 - 0.6: (0.25, -1, 0.75).
  @Test func ascendsTheCrossEntropyByHand() {
    let logits: [Float] = [0, logf(6), logf(3)]
    let untargeted = Criterion.untargeted(label: 1).ascent(logits)
    expectClose(untargeted, [0.25, -1, 0.75], .rounding)
    expectClose(Criterion.targeted(1).ascent(logits), [-0.25, 1, -0.75], .rounding)
  }

  @Test(arguments: criteria)
  func isTheGradientUpToAPositiveFactor(criterion: Criterion) {
    for trial in 0..<20 {
      let logits = RandomKey(seed: 2, purpose: .test, example: trial).normals(5).map { 3 * $0 }
      func loss(_ logits: [Double]) -> Double {
        log(logits.reduce(0) { $0 + exp($1) }) - logits[1]
      }
      let point = logits.map(Double.init)
      let probability = exp(-loss(point))
      let sign: Double = criterion == .targeted(1) ? -1 : 1
      let gradient = point.indices.map { index in
        var (up, down) = (point, point)
        up[index] += 1e-6
        down[index] -= 1e-6
        return sign * (loss(up) - loss(down)) / 2e-6 / (1 - probability)
      }
      expectClose(criterion.ascent(logits), gradient, .finiteDifferences)
    }
  }

  @Test func aModelThatIsSureOfItselfStillHasAGradient() {
    let ascent = Criterion.untargeted(label: 0).ascent([5000, 0, -1, -3e38])
    #expect(ascent[0] == -1 && ascent[1] > ascent[2] && ascent[2] > 0 && ascent[3] == 0)
  }

  @Test(
    arguments: [
      [.nan, .nan, .nan], [.infinity, 0, .infinity], [0, .nan, -.infinity], [.nan, 1, 2],
      [-.infinity, .infinity, -.infinity], [3e38, -3e38, 3e38],
    ] as [[Float]], criteria)
  func staysFinite(logits: [Float], criterion: Criterion) {
    let ascent = criterion.ascent(logits)
    #expect(ascent.allSatisfy { $0.isFinite && $0.magnitude <= 1.000001 })
    #expect(!criterion.margin(logits).isNaN)
  }

  @Test(
    arguments: [
      (Criterion.untargeted(label: 0), [3, 1, 2], -1), (.untargeted(label: 1), [3, 1, 2], 2),
      (.targeted(0), [3, 1, 2], 1), (.targeted(2), [3, 1, 2], -1),
      (.untargeted(label: 0), [.nan, 1, 2], -.infinity), (.targeted(0), [1, .nan, 0.5], 0.5),
    ] as [(Criterion, [Float], Double)])
  func measuresTheMargin(criterion: Criterion, logits: [Float], expected: Double) {
    #expect(criterion.margin(logits) == expected)
  }

  @Test func rowsAreIndependent() {
    let logits = Tensor(shape: [2, 3], values: [0, 1, 2, 2, 1, 0])
    let criteria: [Criterion] = [.untargeted(label: 0), .targeted(2)]
    let both = criteria.crossEntropyAscent(logits)
    #expect(Array(both.row(0)) == criteria[0].ascent([0, 1, 2]))
    #expect(Array(both.row(1)) == criteria[1].ascent([2, 1, 0]))
  }
}

extension Criterion {
  func ascent(_ logits: [Float]) -> [Float] {
    var result = [Float](repeating: .nan, count: logits.count)
    result.withUnsafeMutableBufferPointer { crossEntropyAscent(logits, into: $0) }
    return result
  }
}
