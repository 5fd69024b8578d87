public import Evaluation
public import Robustness
internal import Tensors

/// The adversarial images a gallery will show: the first ones that fooled the model.
///
/// Of each example and attack the smallest size that met the goal is taken. The attacks take turns,
/// so a gallery with room for 24 shows six of each of four.
public struct GalleryPicks: Sendable {
  /// One adversarial image and where it came from.
  public struct Pick: Sendable {
    /// The example's index in the data, its label, and the model's answer to the clean image.
    public var index: Int, label: Int, cleanPrediction: Int?
    /// The place of the attack in the plan, its name and size.
    public var entry: Int, attack: String, epsilon: Epsilon
    public var threat: ThreatModel
    public var outcome: Outcome
    /// `[channels, height, width]`.
    public var shape: [Int]
    public var clean: [Float], adversarial: [Float]
  }

  private let limit: Int
  private var found: [[Pick]]

  /// - Parameter limit: how many in all.
  public init(limit: Int, plan: EvaluationPlan) {
    self.limit = limit
    found = plan.entries.map { _ in [] }
  }

  /// Looks through the next examples.
  public mutating func add(
    _ chunk: ChunkOutcome, plan: EvaluationPlan, bounds: ClosedRange<Float>
  ) {
    for (place, entry) in plan.entries.enumerated() {
      for (row, index) in chunk.batch.indices.enumerated() where found[place].count < limit {
        let sizes = entry.epsilons.indices
        guard
          let size = sizes.first(where: {
            let outcome = chunk.attacked[place][$0].outcomes[row]
            return outcome.isAttacked && outcome.isSuccess
          })
        else { continue }
        let attacked = chunk.attacked[place][size]
        found[place].append(
          Pick(
            index: index, label: chunk.clean[row].label,
            cleanPrediction: chunk.clean[row].prediction, entry: place, attack: entry.name,
            epsilon: entry.epsilons[size],
            threat: ThreatModel(
              norm: entry.norm, radius: entry.epsilons[size].radius, bounds: bounds),
            outcome: attacked.outcomes[row], shape: Array(attacked.images.shape.dropFirst()),
            clean: Array(chunk.batch.images.row(row)),
            adversarial: Array(attacked.images.row(row))))
      }
    }
  }

  /// Up to the limit, by attack and then by example.
  public var picks: [Pick] {
    var counts = found.map { _ in 0 }
    var left = limit
    while left > 0 {
      var isDone = true
      for place in found.indices where left > 0 && counts[place] < found[place].count {
        counts[place] += 1
        left -= 1
        isDone = false
      }
      if isDone { break }
    }
    return zip(found, counts).flatMap { $0.prefix($1) }
  }
}
