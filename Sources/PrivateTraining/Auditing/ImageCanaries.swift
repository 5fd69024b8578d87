internal import Foundation
public import NeuralNetworks
internal import Privacy
internal import Tensors

/// Canaries among the images of a training run: some of its examples get a wrong label, and half of
/// these take no part.
///
/// The auditor sees nothing but the final network. The score of a canary is minus its loss with the
/// wrong label: a network that was taught it has a smaller one. This puts every part of training to
/// the test, by any method, but is much weaker than ``GradientCanaries``.
public struct ImageCanaries: Sendable {
  /// The number of each canary in the data.
  public let examples: [Int]
  /// The coins: which canaries take part.
  public let included: [Bool]
  /// The data, canaries with their wrong labels. Those that take no part are still counted, so that
  /// nothing that is public depends on the coins; see ``ImageCanaries/leavingOut(_:)``.
  public let data: TrainingData

  /// - Parameters:
  ///   - count: how many canaries; at least 1, at most one an example.
  ///   - classes: at least 2. Canary j with label y gets a label other than y, each as likely.
  /// - Throws: ``PrivateTrainingError``.
  public init(
    _ count: Int, in data: TrainingData, classes: Int, seed: UInt64
  ) throws(PrivateTrainingError) {
    guard count >= 1 && count <= data.count else {
      throw .parameter(
        name: "canaries", problem: "must be 1 to the \(data.count) examples, not \(count)")
    }
    guard classes >= 2 else {
      throw .parameter(name: "canaries", problem: "need 2 classes for a wrong label")
    }
    examples = AuditCoins.choose(count, of: data.count, seed: seed)
    included = AuditCoins.toss(count, seed: seed)
    let turns = RandomKey(seed: seed, purpose: .auditPlaces, draw: 1).bits(count)
    var labels = data.labels
    for (example, turn) in zip(examples, turns) {
      labels[example] = (labels[example] + 1 + Int(turn) % (classes - 1)) % classes
    }
    self.data = TrainingData(labels: labels) { try data.images($0) }
  }

  /// The method, in whose batches the canaries that are out are never.
  public func leavingOut(_ method: any TrainingMethod) -> any TrainingMethod {
    let absent = zip(examples, included).filter { !$1 }.map(\.0)
    return DescentWithout(examples: Set(absent), of: method)
  }

  /// One score a canary: minus the cross-entropy of the network's output with the wrong label.
  /// - Throws: what the data throw.
  public func scores(of network: Network) throws -> [Double] {
    let chunk = 64
    let plan = Plan(network, capacity: chunk, purpose: .inference)
    let workspace = plan.makeWorkspace()
    let classes = network.outputShape.elementCount
    var scores: [Double] = []
    for start in stride(from: 0, to: examples.count, by: chunk) {
      let part = Array(examples[start..<min(start + chunk, examples.count)])
      let images = try data.images(part)
      images.values.withUnsafeBufferPointer {
        guard let base = $0.baseAddress else { return }
        workspace.input.update(from: base, count: $0.count)
      }
      workspace.forward(count: part.count)
      for (row, example) in part.enumerated() {
        let logits = (0..<classes).map { Double(workspace.output[row * classes + $0]) }
        scores.append(logits[data.labels[example]] - LogSpace.sum(logits))
      }
    }
    return scores
  }
}

/// A method whose batches leave some examples out.
private final class DescentWithout: TrainingMethod {
  private let absent: Set<Int>
  private let method: any TrainingMethod

  init(examples absent: Set<Int>, of method: any TrainingMethod) {
    self.absent = absent
    self.method = method
  }

  var gradients: [UnsafePointer<Float>] { method.gradients }

  var memory: [Double] {
    get { method.memory }
    set { method.memory = newValue }
  }

  func accepts(memory: [Double]) -> Bool { method.accepts(memory: memory) }

  func prepare(_ network: inout Network, step: Int) throws {
    try method.prepare(&network, step: step)
  }

  func batch(step: Int) -> [Int] { method.batch(step: step).filter { !absent.contains($0) } }

  func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome {
    try method.compute(step)
  }
}
