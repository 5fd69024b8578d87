import Attacks
import NeuralNetworks
import Robustness
import TestSupport
import Tensors
import Testing

/// On two linear logits everything is known: with w the difference of their weights, a ball of
/// radius r in norm p moves the margin by at most r * ‖w‖_q, 1/p + 1/q = 1, and the nearest image
/// of the other class is margin / ‖w‖_q away.
@Suite struct LinearClassifierTests {
  static let norms: [Norm] = [.linf, .l2, .l1]
  static let size = 30
  let examples = 6
  let weights = RandomKey(seed: 12, purpose: .test).normals(60)
  let images = RandomKey(seed: 12, purpose: .test, draw: 1).uniforms(6 * 30)

  /// The bounds are far away, unless they are given.
  func session(_ bounds: ClosedRange<Float> = -100...100) throws -> ClassifierSession {
    var network = Network(inputShape: [Self.size])
    try network.append(Dense(weight: Tensor(shape: [2, Self.size], values: weights)))
    return Classifier(network, bounds: bounds).session()
  }

  /// Weights of the other logit less those of the own.
  func difference(_ label: Int) -> [Double] {
    (0..<Self.size).map {
      Double(weights[(1 - label) * Self.size + $0]) - Double(weights[label * Self.size + $0])
    }
  }

  func dual(_ norm: Norm, _ weights: [Double]) -> Double {
    switch norm {
    case .linf: weights.reduce(0) { $0 + $1.magnitude }
    case .l2: weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .l1, .l0: weights.reduce(0) { max($0, $1.magnitude) }
    }
  }

  func margin(_ image: some Collection<Float>, _ label: Int) -> Double {
    zip(image, difference(label)).reduce(0) { $0 - Double($1.0) * $1.1 }
  }

  /// Every example labelled with the class it has.
  func task(
    _ norm: Norm, _ radius: (Int) -> Float, bounds: ClosedRange<Float> = -100...100
  ) -> AttackTask {
    let batch = Batch(
      images: Tensor(shape: [examples, Self.size], values: images), indices: Array(0..<examples))
    let labels = (0..<examples).map { margin(batch.images.row($0), 0) > 0 ? 0 : 1 }
    return AttackTask(
      batch: batch, criteria: labels.map { .untargeted(label: $0) },
      threats: [(0..<examples).map { ThreatModel(norm: norm, radius: radius($0), bounds: bounds) }],
      choice: .last)
  }

  @Test(arguments: norms)
  func fgsmReachesTheOptimumAndNothingBeatsIt(norm: Norm) throws {
    let task = task(norm, { 0.1 * Float($0 + 1) })
    for type in Attacks.all {
      let images = try type.init().perturb(task, against: session())[0]
      for (row, criterion) in task.criteria.enumerated() {
        let clean = margin(task.batch.images.row(row), criterion.label)
        let reached = margin(images.row(row), criterion.label)
        let optimum =
          clean - Double(task.threats[0][row].radius) * dual(norm, difference(criterion.label))
        #expect(reached >= optimum - 1e-4)
        if type == FGSMAttack.self { expectClose(reached, optimum, .accumulation) }
      }
    }
  }

  // Within bounds the best linf change takes every value to the end of its interval.
  @Test func fgsmReachesTheOptimumWithinBounds() throws {
    let task = task(.linf, { _ in 0.3 }, bounds: 0...1)
    let images = try FGSMAttack().perturb(task, against: session(0...1))[0]
    for (row, criterion) in task.criteria.enumerated() {
      let best = zip(task.batch.images.row(row), difference(criterion.label)).map { value, weight in
        weight > 0 ? min(Double(value) + 0.3, 1) : max(Double(value) - 0.3, 0)
      }
      expectClose(images.row(row), best, .rounding)
    }
  }

  @Test(arguments: norms)
  func succeedsBeyondTheMinimalDistanceOnly(norm: Norm) throws {
    let clean = task(norm, { _ in 0 })
    let distances = clean.criteria.indices.map { row in
      let label = clean.criteria[row].label
      return margin(clean.batch.images.row(row), label) / dual(norm, difference(label))
    }
    // A random start may be further away than forty steps lead.
    var madry = MadryEtAlAttack()
    madry.randomStart = false
    let attacks: [any Attack] = [FGSMAttack(), IFGSMAttack(), MIMAttack(), madry]
    for (factor, expected) in [(0.999, false), (1.001, true)] {
      let task = task(norm, { Float(distances[$0] * factor) })
      for attack in attacks {
        let model = try session()
        let images = try attack.perturb(task, against: model)[0]
        let predictions = try model.logits(task.batch.with(images: images)).argmaxOfRows()
        for (criterion, prediction) in zip(task.criteria, predictions) {
          #expect(criterion.isMet(by: prediction) == expected, "\(attack) \(factor)")
        }
      }
    }
  }

  @Test func oneGradientServesAllRadii() throws {
    var task = task(.linf, { _ in 0.00001 })
    task.threats += [0.00002, 0.00003].map { radius in
      task.threats[0].map { ThreatModel(norm: .linf, radius: radius, bounds: $0.bounds) }
    }
    var attack = FGSMAttack()
    let model = try session()
    _ = try attack.perturb(task, against: model)
    #expect(model.gradientCount == examples && model.forwardCount == 0)
    attack.restarts = 3
    task.choice = .best
    let again = try session()
    _ = try attack.perturb(task, against: again)
    #expect(again.gradientCount == 3 * examples && again.forwardCount == 3 * 3 * examples)
  }
}
