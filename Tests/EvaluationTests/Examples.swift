import Evaluation
import NeuralNetworks
import Robustness
import Tensors

/// A classifier of two pixels whose logits are the pixels, and a wider one with fixed random
/// weights.
enum Examples {
  static func identity(chunk: Int? = nil) throws -> Classifier {
    var network = Network(inputShape: [1, 1, 2])
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [1, 0, 0, 1])))
    return Classifier(network, chunk: chunk)
  }

  /// Four examples of label 0 with margins 0.2, 0.8, -0.5, 0.05.
  static let pairs = ExampleSource(
    images: Tensor(
      shape: [4, 1, 1, 2], values: [0.6, 0.4, 0.9, 0.1, 0.2, 0.7, 0.5, 0.45]),
    labels: [0, 0, 0, 0])

  /// Two layers over 5 x 5 pixels and 4 classes.
  static func network(chunk: Int? = nil) throws -> Classifier {
    var network = Network(inputShape: [1, 5, 5])
    func weights(_ shape: [Int], _ draw: Int) -> Tensor {
      let values = RandomKey(seed: 7, purpose: .test, draw: draw).normals(shape.elementCount)
      return Tensor(shape: shape, values: values)
    }
    try network.append(Reshape([25]))
    try network.append(Dense(weight: weights([16, 25], 0)))
    try network.append(Activation(.relu))
    try network.append(Dense(weight: weights([4, 16], 1)))
    return Classifier(network, chunk: chunk)
  }

  /// Random images on the 8-bit grid with random labels.
  static func images(_ count: Int) -> ExampleSource {
    let words = RandomKey(seed: 3, purpose: .test).bits(count * 26)
    return ExampleSource(
      images: Tensor(
        shape: [count, 1, 5, 5], values: words[..<(count * 25)].map { Float($0 >> 24) / 255 }),
      labels: words[(count * 25)...].map { Int($0 >> 30) })
  }
}

/// One step along the sign of the margin's gradient from a random start, without any projection.
struct StepAttack: Attack {
  static let information = AttackInformation(
    name: "step", summary: "One step.", reference: "None.", norms: [.linf, .l2], parameters: [:])
  var start: Float = 0

  func validate() throws(AttackError) {
    guard start >= 0 else {
      throw .parameter(attack: "step", name: "start", problem: "is negative")
    }
  }

  func perturb(_ task: AttackTask, against model: any DifferentiableModel) throws -> [Tensor] {
    try task.threats.map { threats in
      var images = task.batch.images
      for (row, threat) in threats.enumerated() {
        let key = RandomKey(
          seed: task.seed, purpose: .attackStart, example: task.batch.indices[row])
        let noise = key.uniforms(images.rowSize)
        images.withRow(row) { image in
          for index in image.indices {
            image[index] += start * threat.radius * (2 * noise[index] - 1)
          }
        }
      }
      let (_, gradient) = try model.gradient(task.batch.with(images: images)) { logits in
        var cotangent = Tensor(shape: logits.shape, values: logits.values.map { _ in 0 })
        for (row, criterion) in task.criteria.enumerated() {
          cotangent.withRow(row) { values in
            for index in values.indices {
              let isLabel = index == criterion.label
              switch criterion {
              case .untargeted: values[index] = isLabel ? -1 : 1 / Float(values.count - 1)
              case .targeted: values[index] = isLabel ? 1 : -1 / Float(values.count - 1)
              }
            }
          }
        }
        return cotangent
      }
      for (row, threat) in threats.enumerated() {
        let direction = Array(gradient.row(row))
        let clean = Array(task.batch.images.row(row))
        images.withRow(row) { image in
          for index in image.indices {
            let sign: Float = direction[index] > 0 ? 1 : direction[index] < 0 ? -1 : 0
            let moved = clean[index] + threat.radius * sign
            image[index] = min(max(moved, threat.bounds.lowerBound), threat.bounds.upperBound)
          }
        }
      }
      return images
    }
  }
}

/// An attack that breaks its promises.
struct HostileAttack: Attack {
  enum Crime: String, Codable, CaseIterable {
    case notANumber, infinite, outOfBall, outOfBounds, wrongShape, tooFew, throwing
  }
  struct Refusal: Error {}

  static let information = AttackInformation(
    name: "hostile", summary: "Breaks its promises.", reference: "None.",
    norms: [.linf, .l2, .l1, .l0], parameters: [:])
  var crime = Crime.notANumber

  func validate() throws(AttackError) {}

  func perturb(_ task: AttackTask, against model: any DifferentiableModel) throws -> [Tensor] {
    let images = task.batch.images
    func filled(_ value: Float) -> [Tensor] {
      task.threats.map { _ in
        Tensor(shape: images.shape, values: images.values.map { _ in value })
      }
    }
    switch crime {
    case .notANumber: return filled(.nan)
    case .infinite: return filled(.infinity)
    case .outOfBall:
      return task.threats.map { _ in
        Tensor(shape: images.shape, values: images.values.map { 1 - $0 })
      }
    case .outOfBounds: return filled(-3)
    case .wrongShape: return task.threats.map { _ in images.reshaped([images.values.count]) }
    case .tooFew: return []
    case .throwing: throw Refusal()
    }
  }
}

func makePlan(
  _ epsilons: [String], attacks: [any Attack] = [StepAttack()], norm: Norm = .linf,
  targeting: Targeting = .untargeted, label: LabelSource = .true, threads: Int = 1,
  range: Range<Int>, eightBit: Bool = false
) throws -> EvaluationPlan {
  let sizes = try epsilons.map { try Epsilon($0) }
  return EvaluationPlan(
    entries: attacks.map {
      .init(attack: $0, norm: norm, epsilons: sizes, targeting: targeting, label: label)
    }, seed: 5, threads: threads, range: range, scoresEightBit: eightBit)
}
