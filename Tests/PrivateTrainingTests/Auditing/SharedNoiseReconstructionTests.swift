import PrivateTraining
import Tensors
import TestSupport
import Testing

@Suite struct SharedNoiseReconstructionTests {
  private static func normals(_ count: Int, _ draw: Int) -> [Double] {
    RandomKey(seed: 31, purpose: .test, draw: draw).normals(count).map(Double.init)
  }

  /// 20 records of 784 numbers in [-1, 1], and noise of scale 33: one vector for all of them, or
  /// one each.
  private static func pixels(isShared: Bool) -> SharedNoiseReconstruction.Accuracy {
    let records = (0..<20).map { example in
      RandomKey(seed: 30, purpose: .test, example: example).uniforms(784).map { 2 * Double($0) - 1 }
    }
    let released = records.enumerated().map { example, record in
      zip(record, normals(784, isShared ? 0 : example)).map { $0 + 33 * $1 }
    }
    return SharedNoiseReconstruction.differences(
      released: released, records: records, tolerance: 1e-12)
  }

  /// 200 labels of 10 classes that meet 64 features at 5 steps, with noise of scale 1280.
  private static func labels(
    isShared: Bool, steps: Int = 5
  ) -> SharedNoiseReconstruction.Accuracy? {
    let labels = (0..<200).map { $0 * 7 % 10 }
    let features = (0..<steps).map { step in
      (0..<200).map { normals(64, 1000 + step * 200 + $0) }
    }
    let releases = (0..<steps).map { step in
      (0..<64).map { feature in
        let noise = normals(10, 9000 + feature + (isShared ? 0 : step * 64))
        return (0..<10).map { label in
          1280 * noise[label]
            + (0..<200).reduce(0.0) {
              $0 + (labels[$1] == label ? features[step][$1][feature] : 0)
            }
        }
      }
    }
    return SharedNoiseReconstruction.labels(
      features: features, releases: releases, labels: labels)
  }

  @Test func oneVectorOfNoiseHidesNoDifference() {
    let accuracy = Self.pixels(isShared: true)
    #expect(accuracy.recovered == 1 && accuracy.largestError < 1e-13)
  }

  @Test func noiseOfItsOwnHidesADifference() {
    let accuracy = Self.pixels(isShared: false)
    #expect(accuracy.recovered == 0 && accuracy.largestError > 33)
  }

  @Test func labelsUnderNoiseThatStaysAreFoundExactly() throws {
    let accuracy = try #require(Self.labels(isShared: true))
    #expect(accuracy.recovered == 1 && accuracy.largestError < 1e-12)
  }

  /// Ten classes: a tenth is right by chance, with a deviation of 2 %.
  @Test func labelsUnderFreshNoiseAreNot() throws {
    let accuracy = try #require(Self.labels(isShared: false))
    #expect(accuracy.recovered < 0.2 && accuracy.largestError > 10)
  }

  /// 3 x 64 equations for 200 unknowns.
  @Test func tooFewStepsDetermineNothing() {
    #expect(Self.labels(isShared: true, steps: 4) == nil)
  }

  /// Features that do not change say nothing, however many steps there are.
  @Test func constantFeaturesDetermineNothing() {
    let features = [[[1.0, 2], [3, 4]], [[1.0, 2], [3, 4]]]
    let releases = [[[1.0, 0], [0, 1]], [[1.0, 0], [0, 1]]]
    #expect(
      SharedNoiseReconstruction.labels(features: features, releases: releases, labels: [0, 1])
        == nil)
  }
}
