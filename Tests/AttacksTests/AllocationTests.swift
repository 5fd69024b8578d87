import Attacks
import CAllocations
import NeuralNetworks
import Robustness
import Tensors
import Testing

/// A step of an iterated attack works in memory that is there: however many steps, as many of them
/// allocate. What is counted is steps, since an array that grows by appending asks for memory as
/// often as the heap has it.
@Suite struct AllocationTests {
  private static let counts = allocation_count() >= 0

  /// After how many questions for a gradient there had been allocations before the next one.
  private func allocatingSteps(
    _ name: String, steps: Int, _ norm: Norm, against model: any DifferentiableModel
  ) throws -> Int {
    let attack = try Attacks.make(name: name, parameters: ["steps": "\(steps)"])
    let task = AttackConformanceTests.task(
      .init(attack: attack, norm: norm, isTargeted: false, choice: .last))
    let watched = WatchedModel(model)
    _ = try attack.perturb(task, against: watched)
    let counts = watched.counts
    #expect(counts.count > steps)
    return zip(counts, counts.dropFirst()).count { $0 < $1 }
  }

  private func expectSteady(
    _ name: String, _ norm: Norm, against model: any DifferentiableModel
  ) throws {
    // The model's own memory.
    _ = try allocatingSteps(name, steps: 5, norm, against: model)
    let few = try allocatingSteps(name, steps: 5, norm, against: model)
    // From one radius to the next.
    #expect(few > 0)
    #expect(try allocatingSteps(name, steps: 55, norm, against: model) == few)
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

/// Notes the calling thread's allocations whenever a gradient is asked for.
private final class WatchedModel: DifferentiableModel {
  private let model: any DifferentiableModel
  private(set) var counts: [Int] = []

  init(_ model: any DifferentiableModel) {
    self.model = model
    counts.reserveCapacity(1000)
  }

  var inputShape: [Int] { model.inputShape }
  var classCount: Int { model.classCount }
  var bounds: ClosedRange<Float> { model.bounds }
  func logits(_ batch: Batch) throws -> Tensor { try model.logits(batch) }

  func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor) {
    counts.append(allocation_count())
    return try model.gradient(batch, cotangent: cotangent)
  }

  func gradient(
    _ batch: Batch, into answer: inout GradientAnswer,
    cotangent: (_ logits: Tensor, _ result: inout Tensor) -> Void
  ) throws {
    counts.append(allocation_count())
    try model.gradient(batch, into: &answer, cotangent: cotangent)
  }
}
