import Attacks
import Foundation
import NeuralNetworks
import Robustness
import TestSupport
import Tensors
import Testing

/// What every attack of the list must hold, for every norm it names.
@Suite struct AttackConformanceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var attack: any Attack
    var norm: Norm
    var isTargeted: Bool
    var choice: AttackTask.Choice
    var testDescription: String {
      "\(type(of: attack).information.name) \(norm) \(isTargeted ? "targeted" : "") \(choice)"
    }
  }

  /// Every attack, with two restarts where it has such a parameter.
  static let cases: [Case] = Attacks.all.flatMap { type in
    let information = type.information
    let wanted = ["restarts": "2"]
      .filter { information.parameters.keys.contains($0.key) }
    guard let attack = try? Attacks.make(name: information.name, parameters: wanted) else {
      preconditionFailure("\(information.name) takes \(wanted)")
    }
    return information.norms.flatMap { norm in
      [false, true].flatMap { isTargeted in
        AttackTask.Choice.allCases.map {
          Case(attack: attack, norm: norm, isTargeted: isTargeted, choice: $0)
        }
      }
    }
  }

  static let count = 12

  /// A convolutional network with random weights; four classes.
  static func classifier(chunk: Int? = nil) throws -> Classifier {
    func normals(_ shape: [Int], _ draw: Int) -> Tensor {
      let key = RandomKey(seed: 6, purpose: .test, draw: draw)
      return Tensor(shape: shape, values: key.normals(shape.elementCount))
    }
    var network = Network(inputShape: [1, 6, 6])
    try network.append(Convolution(weight: normals([8, 1, 3, 3], 1), bias: normals([8], 2)))
    try network.append(Activation(.relu))
    try network.append(MaxPool(kernel: .init(2, 2)))
    try network.append(Reshape([32]))
    try network.append(Dense(weight: normals([4, 32], 3)))
    return Classifier(network, chunk: chunk)
  }

  /// Uniform noise, a fifth of it at the bounds, and two radii that differ from one to the next.
  static func task(_ test: Case, seed: UInt64 = 1) -> AttackTask {
    let noise = RandomKey(seed: 6, purpose: .test).uniforms(count * 36)
    let images = Tensor(
      shape: [count, 1, 6, 6], values: noise.map { min(max($0 * 1.4 - 0.2, 0), 1) })
    let radii: [Norm: Float] = [.linf: 0.1, .l2: 0.5, .l1: 1.5]
    let base = radii[test.norm] ?? 3
    let labels = (0..<count).map { $0 % 4 }
    func threats(_ factor: Float) -> [ThreatModel] {
      (0..<count).map { row in
        let radius: Float = base * factor * Float(1 + row % 3) / 3
        return ThreatModel(norm: test.norm, radius: radius, bounds: 0...1)
      }
    }
    return AttackTask(
      batch: Batch(images: images, indices: Array(100..<100 + count)),
      criteria: labels.map { test.isTargeted ? .targeted($0) : .untargeted(label: $0) },
      threats: [threats(1), threats(2)], choice: test.choice, seed: seed)
  }

  func expectObedience(_ images: [Tensor], _ task: AttackTask) {
    #expect(images.map(\.shape) == task.threats.map { _ in task.batch.images.shape })
    for (images, threats) in zip(images, task.threats) {
      for (row, threat) in threats.enumerated() {
        let isInside = images.readingRow(row) { point in
          task.batch.images.readingRow(row) {
            threat.contains(point, around: $0, tolerance: 1e-9)
          }
        }
        #expect(isInside, "example \(row) at radius \(threat.radius)")
      }
    }
  }

  @Test(arguments: cases)
  func staysInTheBallAndInTheBounds(test: Case) throws {
    let task = Self.task(test)
    let model = try Self.classifier().session()
    expectObedience(try test.attack.perturb(task, against: model), task)
  }

  @Test(arguments: cases)
  func movesTowardsTheCriterion(test: Case) throws {
    let task = Self.task(test)
    let model = try Self.classifier().session()
    let clean = try model.logits(task.batch)
    let images = try test.attack.perturb(task, against: model)
    func met(_ logits: Tensor) -> Int {
      let predictions = logits.argmaxOfRows()
      return task.criteria.indices.count { task.criteria[$0].isMet(by: predictions[$0]) }
    }
    let reached = try images.map { met(try model.logits(task.batch.with(images: $0))) }
    #expect(reached[1] > met(clean))
    if test.choice == .best { #expect(met(clean) <= reached[0] && reached[0] <= reached[1]) }
  }

  @Test(arguments: cases)
  func dependsOnTheSeedAndTheExampleAlone(test: Case) throws {
    let task = Self.task(test)
    let whole = try test.attack.perturb(task, against: Self.classifier().session())
    // Alone, in pieces, on other chunks: the same bits.
    let model = try Self.classifier(chunk: 3).session()
    #expect(try test.attack.perturb(task, against: model) == whole)
    for piece in [Array(0..<5), [5], Array(6..<Self.count).reversed()] {
      let part = AttackTask(
        batch: task.batch.selecting(piece), criteria: piece.map { task.criteria[$0] },
        threats: task.threats.map { threats in piece.map { threats[$0] } }, choice: task.choice,
        seed: task.seed)
      let images = try test.attack.perturb(part, against: model)
      for (images, whole) in zip(images, whole) {
        for (row, position) in piece.enumerated() {
          #expect(images.row(row) == whole.row(position))
        }
      }
    }
  }

  @Test(arguments: cases, BlindModel.Blindness.allCases)
  func survivesUselessGradients(test: Case, blindness: BlindModel.Blindness) throws {
    let task = Self.task(test)
    let model = BlindModel(session: try Self.classifier().session(), blindness: blindness)
    expectObedience(try test.attack.perturb(task, against: model), task)
  }

  @Test func namesAreDistinctAndFitForTheCommandLine() {
    #expect(Set(Attacks.names).count == Attacks.all.count)
    for type in Attacks.all {
      let information = type.information
      #expect(information.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
      #expect(!information.summary.isEmpty && !information.reference.isEmpty)
      #expect(!information.norms.isEmpty)
    }
  }

  @Test func everyParameterIsExplainedAndSurvivesItsCodableForm() throws {
    for type in Attacks.all {
      func check<A: Attack>(_ type: A.Type) throws {
        let data = try JSONEncoder().encode(A())
        let keys = try JSONDecoder().decode([String: Parameter].self, from: data).keys
        #expect(Set(keys).isSubset(of: type.information.parameters.keys))
        let decoded = try JSONDecoder().decode(A.self, from: data)
        let again = Attacks.parameters(of: decoded).map { "\($0)" }
        #expect(again == Attacks.parameters(of: A()).map { "\($0)" })
      }
      try check(type)
      #expect(throws: Never.self) { try type.init().validate() }
    }
  }
}

/// A model whose gradients, or logits too, are of no use.
struct BlindModel: DifferentiableModel {
  enum Blindness: CaseIterable { case zero, nan, infinite, someNaN, nanLogits }

  var session: ClassifierSession
  var blindness: Blindness

  var inputShape: [Int] { session.inputShape }
  var classCount: Int { session.classCount }
  var bounds: ClosedRange<Float> { session.bounds }

  func logits(_ batch: Batch) throws -> Tensor {
    let logits = try session.logits(batch)
    return blindness == .nanLogits ? Tensor(repeating: .nan, shape: logits.shape) : logits
  }

  func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor) {
    var answer = try session.gradient(batch) {
      cotangent(blindness == .nanLogits ? Tensor(repeating: .nan, shape: $0.shape) : $0)
    }
    for index in answer.gradient.values.indices {
      switch blindness {
      case .zero, .nanLogits: answer.gradient.values[index] = 0
      case .nan: answer.gradient.values[index] = .nan
      case .infinite: answer.gradient.values[index] = index % 2 == 0 ? .infinity : -.infinity
      case .someNaN: if index % 3 == 0 { answer.gradient.values[index] = .nan }
      }
    }
    return answer
  }
}
