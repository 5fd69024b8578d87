import NeuralNetworks
import PrivateTraining
import Tensors
import TestSupport
import Testing

/// What AdLM and StoBatch show of images and labels.
@Suite struct ReleaseTests {
  private static let indices = Array(0..<8)

  /// The images that a plan learns from in its first step.
  private func released(_ text: String, epsilon: Double) throws -> (seen: Tensor, truth: Tensor) {
    let request = PrivacyRequest(targetEpsilon: epsilon, delta: 1e-3, randomness: .seeded)
    let plan = try TrainingSystems.parse(text).plan(try SystemExample.setting(request))
    let indices = plan.method.batch(step: 0)
    let truth = try SystemExample.data.images(indices)
    let seen = try plan.images(
      Trainer.Step(
        network: plan.network, images: truth, labels: indices.map { SystemExample.data.labels[$0] },
        indices: indices, number: 0))
    // The benign half: adversarial images come behind it.
    return (seen.rows(0..<10), truth.rows(0..<10))
  }

  private func rows(_ tensor: Tensor) -> [[Double]] {
    (0..<tensor.rowCount).map { tensor.row($0).map(Double.init) }
  }

  /// One noise vector for all: differences of records are there to read, however large the noise.
  @Test func theNoiseOfPublishedStoBatchCancels() throws {
    let (seen, truth) = try released("stobatch:form=published", epsilon: 1)
    let noise = zip(seen.values, truth.values).map { abs($0 - $1) }.reduce(0, +) / 160
    #expect(noise > 3, "\(noise)")
    let found = SharedNoiseReconstruction.differences(
      released: rows(seen), records: rows(truth), tolerance: 1e-4)
    #expect(found.recovered == 1, "\(found)")
  }

  @Test(arguments: ["stobatch", "adlm"])
  func theNoiseOfSoundFormsDoesNot(_ text: String) throws {
    let (seen, truth) = try released(text, epsilon: 4)
    let found = SharedNoiseReconstruction.differences(
      released: rows(seen), records: rows(truth), tolerance: 0.1)
    #expect(found.recovered < 0.1, "\(found)")
  }

  /// `b = d w / epsilon_x` with d = 16, w = 1 and half of the budget: the mean size of Laplace
  /// noise is b. 160 numbers: the mean of the estimate has a deviation of b / sqrt(160).
  @Test(arguments: [2.0, 20, 2000])
  func noiseOnImagesIsThatOfTheBudget(_ epsilon: Double) throws {
    let (seen, truth) = try released("stobatch", epsilon: epsilon)
    let b = 16 / (epsilon / 2)
    let mean = zip(seen.values, truth.values).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) } / 160
    #expect(abs(mean / b - 1) < 5 / 160.0.squareRoot(), "\(mean) for \(b)")
  }

  /// The same image has the same noise in every step: there is one release.
  @Test func imagesAreReleasedOnce() throws {
    let request = PrivacyRequest(targetEpsilon: 4, delta: 1e-3, randomness: .seeded)
    let plan = try TrainingSystems.parse("adlm").plan(try SystemExample.setting(request))
    let images = try SystemExample.data.images(Self.indices)
    func seen(_ number: Int, _ indices: [Int]) throws -> Tensor {
      try plan.images(
        Trainer.Step(
          network: plan.network, images: try SystemExample.data.images(indices),
          labels: indices.map { SystemExample.data.labels[$0] }, indices: indices, number: number))
    }
    let first = try seen(0, Self.indices)
    #expect(first.values != images.values)
    #expect(try seen(7, Self.indices.reversed()) == first.rows(Self.indices.reversed()))
  }

  /// A secret of the process's own, unlike any other's, which a checkpoint carries.
  @Test func secureNoiseIsCarriedByTheState() throws {
    let request = PrivacyRequest(targetEpsilon: 4, delta: 1e-3, randomness: .secure)
    let setting = try SystemExample.setting(request)
    let system = try TrainingSystems.parse("adlm")
    let (one, other) = (try system.plan(setting), try system.plan(setting))
    func seen(_ plan: TrainingPlan) throws -> Tensor {
      try plan.images(
        Trainer.Step(
          network: plan.network, images: try SystemExample.data.images(Self.indices),
          labels: Self.indices.map { SystemExample.data.labels[$0] }, indices: Self.indices,
          number: 0))
    }
    let first = try seen(one)
    #expect(try seen(other) != first)
    other.method.memory = one.method.memory
    #expect(try seen(other) == first)
    // A foreign secret is not a number of 32 bits.
    #expect(!other.method.accepts(memory: [0.5] + one.method.memory.dropFirst()))
  }
}
