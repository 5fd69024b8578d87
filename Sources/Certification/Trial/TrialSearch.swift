internal import Robustness
internal import Tensors

/// Looks for points near one image where a smoothed classifier prefers another class.
///
/// What it proposes is compared by draws of its own and judged by others, so nothing it does can
/// make a certificate look broken that is not.
struct TrialSearch {
  private let session: SmoothedSession
  private let options: TrialOptions
  private let seed: UInt64
  private let image: Tensor
  private let example: Int
  private let label: Int
  /// Classes other than the label, those with most votes at the image first.
  private let rivals: [Int]
  /// For each rival the mean gradient of its logit less the label's, `[rivals, inputShape...]`.
  private let slopes: Tensor

  /// - Parameter image: `[1, inputShape...]`.
  init(
    _ session: SmoothedSession, options: TrialOptions, seed: UInt64, image: Tensor, example: Int,
    label: Int
  ) throws {
    self.session = session
    self.options = options
    self.seed = seed
    self.image = image
    self.example = example
    self.label = label
    let votes = try session.tally(
      image, key: RandomKey(seed: seed, purpose: .trialSelection, example: example),
      draws: options.selectionDraws)
    let model = ExpectationModel(session, seed: seed, draws: options.gradientDraws)
    let logits = try model.logits(Batch(images: image, indices: [example])).values
    let others = logits.indices.filter { $0 != label }.sorted {
      (votes.counts[$0], logits[$0]) == (votes.counts[$1], logits[$1])
        ? $0 < $1
        : votes.counts[$0] != votes.counts[$1]
          ? votes.counts[$0] > votes.counts[$1] : logits[$0] > logits[$1]
    }
    let rivals = Array(others.prefix(options.rivals))
    self.rivals = rivals
    slopes = try model.gradient(Self.copies(image, rivals.count, example)) { logits in
      var cotangent = Tensor(shape: logits.shape)
      for (row, rival) in rivals.enumerated() {
        cotangent.values[row * logits.rowSize + rival] = 1
        cotangent.values[row * logits.rowSize + label] = -1
      }
      return cotangent
    }.gradient
  }

  /// Points of the ball, without repetition; the first is the one furthest along the first rival's
  /// direction.
  ///
  /// - for each rival, the whole radius along the steepest ascent of its mean margin. Through a
  ///   linear map in front of the noise this is the map's worst direction for that margin;
  /// - the ends of gradient ascents through the expectation, from the image and from a random
  ///   point, away from the label and towards each of the first rivals;
  /// - those ends moved on to the whole radius.
  func points(in threat: ThreatModel) throws -> [Tensor] {
    var points: [Tensor] = []
    func add(_ point: Tensor) {
      if !points.contains(point) { points.append(point) }
    }
    for row in 0..<slopes.rowCount {
      add(moved(threat, along: Array(slopes.row(row))))
    }
    guard options.steps > 0 else { return points }
    let criteria =
      [Criterion.untargeted(label: label)]
      + rivals.prefix(options.targets).map { .targeted($0) }
    for start in [IteratedAscent.Start.clean, .random] {
      let ascent = IteratedAscent(
        steps: options.steps, stepSize: .relative(2.5 / Double(options.steps)), start: start)
      let task = AttackTask(
        batch: Self.copies(image, criteria.count, example), criteria: criteria,
        threats: [criteria.map { _ in threat }], choice: .last, seed: seed)
      let model = ExpectationModel(session, seed: seed, draws: options.gradientDraws)
      for ends in try ascent.run(task, against: model) {
        for row in 0..<ends.rowCount {
          add(ends.rows([row]))
          add(stretched(ends.rows([row]), threat))
        }
      }
    }
    return points
  }

  /// The image moved by the whole radius along the steepest ascent of a direction.
  private func moved(_ threat: ThreatModel, along direction: [Float]) -> Tensor {
    var point = image
    image.readingRow(0) { origin in
      point.withRow(0) { point in
        direction.withUnsafeBufferPointer {
          threat.ascend(point, along: $0, by: threat.radius, around: origin)
        }
      }
    }
    return point
  }

  /// The point moved away from the image to the whole radius: in linf to the corner that it points
  /// to, otherwise on its ray.
  private func stretched(_ point: Tensor, _ threat: ThreatModel) -> Tensor {
    if threat.norm == .linf {
      return moved(threat, along: zip(point.values, image.values).map { $0 - $1 })
    }
    var result = point
    image.readingRow(0) { origin in
      result.withRow(0) { row in
        let distance = threat.distance(ThreatModel.Row(row), from: origin)
        guard distance > 0 else { return }
        let factor = Double(threat.radius) / distance
        for index in row.indices {
          row[index] =
            Float(
              Double(origin[index]) + factor * (Double(row[index]) - Double(origin[index])))
        }
        threat.project(row, around: origin)
      }
    }
    return result
  }

  private static func copies(_ image: Tensor, _ count: Int, _ example: Int) -> Batch {
    let rows = [Int](repeating: 0, count: count)
    return Batch(
      images: image.rows(rows), indices: [Int](repeating: example, count: count))
  }
}
