import Attacks
import CAllocations
import NeuralNetworks
import Robustness
import Tensors
import Testing

/// A step of an iterated attack works in memory that is there: however many steps, as many
/// allocations.
@Suite struct AllocationTests {
  private static let counts = allocation_count() >= 0

  private func allocations(
    _ name: String, steps: Int, _ norm: Norm, against model: any DifferentiableModel
  ) throws -> Int {
    let attack = try Attacks.make(name: name, parameters: ["steps": "\(steps)"])
    let task = AttackConformanceTests.task(
      .init(attack: attack, norm: norm, isTargeted: false, choice: .last))
    let before = allocation_count()
    _ = try attack.perturb(task, against: model)
    return allocation_count() - before
  }

  private func expectSteady(
    _ name: String, _ norm: Norm, against model: any DifferentiableModel
  ) throws {
    let first = try allocations(name, steps: 5, norm, against: model)
    #expect(first > 0)
    let few = try allocations(name, steps: 5, norm, against: model)
    #expect(try allocations(name, steps: 55, norm, against: model) == few)
  }

  @Test(.enabled(if: counts)) func allocationsAreSeen() {
    let before = allocation_count()
    let values = [Float](repeating: 1, count: before > 0 ? 1000 : 2000)
    #expect(allocation_count() > before && values.count > 0)
  }

  @Test(.enabled(if: counts), arguments: ["i-fgsm", "mim", "madry", "apgd"], [Norm.linf, .l2])
  func stepsAllocateNothing(_ name: String, _ norm: Norm) throws {
    try expectSteady(name, norm, against: AttackConformanceTests.classifier().session())
  }

  @Test(.enabled(if: counts), arguments: [1, 8])
  func stepsThroughNoiseAllocateNothing(draws: Int) throws {
    var network = try AttackConformanceTests.classifier().network
    network = try network.adding(Noise(.gaussian, scale: 0.1), to: 0)
    let session = try SmoothedClassifier(network).session()
    try expectSteady(
      "i-fgsm", .linf, against: ExpectationModel(session, seed: 4, draws: draws))
  }
}
