import NeuralNetworks
import PrivateTraining
import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The gradients of AdLM and StoBatch against their formulas in double precision.
@Suite struct FunctionalSystemTests {
  /// `sum over k of ln 2 + (1/2 - y_k) z_k + z_k^2 / 8` of one example.
  private func loss(_ logits: [Double], _ label: Int) -> Double {
    logits.enumerated().reduce(0) { sum, entry in
      let y: Double = entry.offset == label ? 1 : 0
      return sum + log(2) + (0.5 - y) * entry.element + entry.element * entry.element / 8
    }
  }

  /// Second order: the error against the logistic loss shrinks with the fourth power of z.
  @Test func theLossIsTheLogisticOneToSecondOrder() {
    func difference(_ z: Double) -> Double {
      abs(loss([z], 0) - log(1 + exp(-z)))
    }
    #expect(difference(0.1) < 1e-6 && difference(0.1) / difference(0.05) > 15)
  }

  private func gradients(_ method: any TrainingMethod, of network: Network) -> [[Float]] {
    zip(method.gradients, network.parameters).map { pointer, parameter in
      (0..<parameter.values.count).map { pointer[$0] }
    }
  }

  /// With a budget so large that there is hardly any noise: the derivative of the mean loss along a
  /// random direction, by differences.
  @Test func theGradientIsThatOfTheMeanLoss() throws {
    let request = PrivacyRequest(targetEpsilon: 3e9, delta: 1e-3, randomness: .seeded)
    let plan = try TrainingSystems.parse("adlm").plan(try SystemExample.setting(request))
    let indices = plan.method.batch(step: 0)
    let labels = indices.map { SystemExample.data.labels[$0] }
    let images = try plan.images(
      Trainer.Step(
        network: plan.network, images: try SystemExample.data.images(indices), labels: labels,
        indices: indices, number: 0))
    _ = try plan.method.compute(
      Trainer.Step(
        network: plan.network, images: images, labels: labels, indices: indices, number: 0))
    let found = gradients(plan.method, of: plan.network)
    let directions = plan.network.parameters.enumerated().map { index, parameter in
      RandomKey(seed: 8, purpose: .test, example: index).normals(parameter.values.count)
    }
    func mean(_ step: Float) -> Double {
      var network = plan.network
      network.parameters = zip(network.parameters, directions).map { parameter, direction in
        Tensor(
          shape: parameter.shape,
          values: zip(parameter.values, direction).map { $0 + step * $1 })
      }
      return labels.indices.reduce(0) { sum, row in
        sum + loss(network.evaluate(images.row(row).map(Double.init)), labels[row])
      } / Double(labels.count)
    }
    let expected = (mean(1 / 8192) - mean(-1 / 8192)) * 4096
    let derivative = zip(found, directions).reduce(0.0) { sum, pair in
      sum + zip(pair.0, pair.1).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    expectClose(derivative, expected, .finiteDifferences)
  }

  /// The first layer follows `mean of h x (1/2 - x)`, h = clip(W x + b + 2 chi_2 / m, -1, 1), by
  /// plain loops; biases stay.
  @Test func theFirstLayerReconstructsItsInput() throws {
    let plan = try TrainingSystems.parse("stobatch:form=published").plan(
      try SystemExample.setting())
    let indices = plan.method.batch(step: 0)
    let labels = indices.map { SystemExample.data.labels[$0] }
    let images = try SystemExample.data.images(indices)
    _ = try plan.method.compute(
      Trainer.Step(
        network: plan.network, images: images, labels: labels, indices: indices, number: 0))
    let found = gradients(plan.method, of: plan.network)
    var prefix = plan.network
    prefix.setOutput(try #require(plan.network.value(ofNode: "chi2")))
    var expected = [Double](repeating: 0, count: 18)
    for row in 0..<images.rowCount {
      let image = images.row(row).map(Double.init)
      let hidden = prefix.evaluate(image).map { min(max($0, -1), 1) }
      for filter in 0..<2 {
        for place in 0..<9 {
          for y in 0..<4 {
            for x in 0..<4 {
              let (v, u) = (y + place / 3 - 1, x + place % 3 - 1)
              guard (0..<4).contains(v), (0..<4).contains(u) else { continue }
              expected[filter * 9 + place] +=
                hidden[filter * 16 + y * 4 + x] * (0.5 - image[v * 4 + u])
                / Double(images.rowCount)
            }
          }
        }
      }
    }
    expectClose(found[0], expected, .accumulation)
    #expect(found[1] == [0, 0])
  }

  /// chi_3: the same numbers are taken from the gradient of the last weights in every step.
  @Test func thePublishedNoiseOfLabelsIsTheSameInEveryStep() throws {
    func lastGradient(_ seed: UInt64, _ epsilon: Double) throws -> [Float] {
      var setting = try SystemExample.setting(
        PrivacyRequest(targetEpsilon: epsilon, delta: 1e-3, randomness: .seeded))
      setting.configuration.seed = seed
      let plan = try TrainingSystems.parse("stobatch:form=published,reconstruction=false")
        .plan(setting)
      let images = try SystemExample.data.images(Array(0..<20))
      // chi_2 is the same for both, so that the difference is that of chi_3.
      _ = try plan.method.compute(
        Trainer.Step(
          network: try SystemExample.network().clippedLikeStoBatch(), images: images,
          labels: Array(SystemExample.data.labels[..<20]), indices: Array(0..<20), number: 0))
      return gradients(plan.method, of: plan.network)[4]
    }
    let exact = try lastGradient(3, 1e9)
    let noisy = try lastGradient(3, 4)
    let difference = zip(noisy, exact).map { $0 - $1 }
    // Lap(2 |h| / epsilon_2) / m with |h| = 6, epsilon_2 = 2, m = 10: b = 0.6, 18 numbers.
    let mean = difference.reduce(0) { $0 + abs($1) } / Float(difference.count)
    #expect(mean > 0.2 && mean < 1.3, "\(mean)")
  }
}

extension Network {
  /// With the last hidden values cut to [-1, 1] and a shift of zero behind the first layer: what
  /// StoBatch trains, without its chi_2.
  fileprivate func clippedLikeStoBatch() throws -> Network {
    try inserting(
      Activation(.clip(low: -1, high: 1)), named: "hidden",
      after: try #require(value(ofNode: "relu2"))
    ).inserting(
      Arithmetic(.add), named: "chi2", after: 1, reading: Tensor(shape: [2, 4, 4]))
  }
}
