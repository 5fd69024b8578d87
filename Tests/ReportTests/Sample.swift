import Evaluation
import Files
import Foundation
import NeuralNetworks
import Report
import Robustness
import TestSupport
import Tensors

/// A run over a few images of 2 x 2 pixels whose four logits are the pixels.
enum Sample {
  /// Adds the radius to the pixels in the order of a step and takes it from the labelled one.
  struct Shift: Attack {
    static let information = AttackInformation(
      name: "shift", summary: "Shifts.", reference: "None.", norms: [.linf],
      parameters: ["note": "any text"])
    var note = "a,\"b\""

    func validate() throws(AttackError) {}

    func perturb(_ task: AttackTask, against model: any DifferentiableModel) throws -> [Tensor] {
      task.threats.map { threats in
        var images = task.batch.images
        for (row, threat) in threats.enumerated() {
          let label = task.criteria[row].label
          images.withRow(row) { image in
            for index in image.indices {
              let moved = image[index] + (index == label ? -threat.radius : threat.radius)
              image[index] = min(max(moved, 0), 1)
            }
          }
        }
        return images
      }
    }
  }

  static func classifier() throws -> Classifier {
    var network = Network(inputShape: [1, 2, 2])
    try network.append(Reshape([4]))
    return Classifier(network)
  }

  /// Labels are the brightest pixel; the margins are 1, 2, ... 8 times 20/255.
  static let source: ExampleSource = {
    var values: [Float] = []
    var labels: [Int] = []
    for example in 0..<8 {
      for pixel in 0..<4 {
        values.append(pixel == example % 4 ? Float(60 + 20 * (example + 1)) / 255 : 60.0 / 255)
      }
      labels.append(example % 4)
    }
    return ExampleSource(images: Tensor(shape: [8, 1, 2, 2], values: values), labels: labels)
  }()

  struct Run {
    var plan: EvaluationPlan
    var result: EvaluationResult
    var picks: GalleryPicks
    var chunks: [ChunkOutcome]
  }

  /// Sizes 25.5/255 and 60/255: they fool margins below 51/255 (2 of 8) and 120/255 (5 of 8).
  static func run(limit: Int = 24, name: String? = nil) throws -> Run {
    let entry = EvaluationPlan.Entry(
      name: name, attack: Shift(), norm: .linf,
      epsilons: [try Epsilon("0.1"), try Epsilon("60/255")])
    let plan = EvaluationPlan(entries: [entry], seed: 9, range: 0..<8, scoresEightBit: true)
    let classifier = try classifier()
    var picks = GalleryPicks(limit: limit, plan: plan)
    var chunks: [ChunkOutcome] = []
    let summary = try Evaluator(classifier, source, plan: plan).run(deliver: {
      picks.add($0, plan: plan, bounds: classifier.bounds)
      chunks.append($0)
    })
    var result = try EvaluationResult(
      summary, plan: plan, subject: classifier, tool: .init(version: "0"),
      model: .init(path: "a folder/<model>.onnx", sha256: "00ff", format: "onnx"),
      data: .init(
        path: "data", sha256: "ee", split: "test", first: 0, count: 8, range: [0, 1]))
    for index in result.attacks.indices { result.attacks[index].seconds = 0.5 }
    return Run(plan: plan, result: result, picks: picks, chunks: chunks)
  }
}

/// Calls `body` with a new folder that is removed afterwards.
func withFolder<R>(_ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("gauntlet-\(UUID().uuidString)").path
  try createFolder(folder)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}
