public import Robustness
public import Tensors

/// The fast gradient sign method: one step of the size of the radius from the clean image.
///
///     x' = clip(x + radius * steepest ascent of the loss at x)
///
/// The direction is the sign of the gradient for linf, the unit gradient for l2 and the largest
/// component for l1. One gradient serves all radii. Further restarts step from a random point of
/// the smallest ball (F. Tramèr et al., "Ensemble Adversarial Training", 2018, start likewise).
public struct FGSMAttack: Attack {
  /// How many starts; the first is the clean image.
  public var restarts = 1

  public static let information = AttackInformation(
    name: "fgsm", summary: "One step along the gradient, as long as the radius.",
    reference:
      "I. Goodfellow, J. Shlens, C. Szegedy: Explaining and Harnessing Adversarial Examples, 2015",
    norms: [.linf, .l2, .l1],
    parameters: ["restarts": "starts; the first is the clean image, others are random"])

  public init() {}

  public func validate() throws(AttackError) {
    try Self.check(restarts, "restarts", in: 1...10_000)
  }

  public func perturb(
    _ task: AttackTask, against model: any DifferentiableModel
  ) throws -> [Tensor] {
    guard task.batch.count > 0 else { return task.threats.map { _ in task.batch.images } }
    let keepsBest = task.choice == .best
    var found = task.threats.map { _ in Incumbents(task) }
    for restart in 0..<restarts {
      let positions = keepsBest ? found.first?.open ?? [] : Array(0..<task.batch.count)
      if positions.isEmpty { break }
      let starts = starts(task, positions, restart: restart)
      let criteria = positions.map { task.criteria[$0] }
      let (logits, gradient) = try model.gradient(starts) { criteria.crossEntropyAscent($0) }
      if keepsBest && restart == 0 {
        found[0].offer(starts.images, logits: logits, at: positions)
      }
      for radius in found.indices {
        if keepsBest && radius > 0 { found[radius].inherit(found[radius - 1]) }
        let rows = positions.indices.filter { !keepsBest || !found[radius].isMet[positions[$0]] }
        if rows.isEmpty { continue }
        var points = starts.selecting(rows)
        for (index, row) in rows.enumerated() {
          let position = positions[row]
          let threat = task.threats[radius][position]
          task.batch.images.readingRow(position) { origin in
            gradient.readingRow(row) { gradient in
              points.images.withRow(index) {
                threat.ascend($0, along: gradient, by: threat.radius, around: origin)
              }
            }
          }
        }
        let isOnly = !keepsBest && restarts == 1
        found[radius].offer(
          points.images, logits: isOnly ? nil : try model.logits(points),
          at: rows.map { positions[$0] })
      }
    }
    return found.map(\.images)
  }

  /// Clean images, or random points of each one's smallest ball of more than a point.
  private func starts(_ task: AttackTask, _ positions: [Int], restart: Int) -> Batch {
    var starts = task.batch.selecting(positions)
    guard restart > 0 else { return starts }
    for (row, position) in positions.enumerated() {
      let key = RandomKey(
        seed: task.seed, purpose: .attackStart, example: starts.indices[row], draw: restart)
      let threats = task.threats.map { $0[position] }
      guard let threat = threats.first(where: { $0.radius > 0 }) else { continue }
      task.batch.images.readingRow(position) { origin in
        starts.images.withRow(row) { threat.randomStart($0, around: origin, key: key) }
      }
    }
    return starts
  }
}
