internal import Dispatch
internal import Imaging
internal import Robustness
public import Tensors

/// The work on one chunk: all attacks of the plan on some consecutive examples.
struct ChunkEvaluation {
  let plan: EvaluationPlan
  let bounds: ClosedRange<Float>
  let session: any SubjectSession
  let batch: Batch
  let clean: [CleanOutcome]
  /// The clean images' scores.
  private let scores: Tensor
  private let cleanSeconds: Double

  init(
    _ plan: EvaluationPlan, subject: any Subject, session: any SubjectSession, batch: Batch,
    labels: [Int]
  ) throws {
    self.plan = plan
    bounds = subject.bounds
    self.session = session
    self.batch = batch
    let start = DispatchTime.now().uptimeNanoseconds
    let scores = try session.scores(batch)
    self.scores = scores
    let verdicts = try session.verdicts(batch, scores: scores, questions: plan.cleanQuestions)
    cleanSeconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    clean = zip(labels, verdicts).enumerated().map { row, pair in
      CleanOutcome(
        label: pair.0, verdict: pair.1, margin: logitMargin(of: pair.0, in: scores.row(row)))
    }
  }

  func run() throws -> ChunkOutcome {
    var result = ChunkOutcome(
      batch: batch, clean: clean, attacked: [], seconds: [], cleanSeconds: cleanSeconds)
    for entry in plan.entries {
      let start = DispatchTime.now().uptimeNanoseconds
      result.attacked.append(try attack(entry))
      result.seconds.append(Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
    }
    return result
  }

  /// One attack at all its sizes.
  private func attack(_ entry: EvaluationPlan.Entry) throws -> [AttackedChunk] {
    let criteria = self.criteria(entry)
    let attacked = batch.indices.indices.filter { row in
      criteria[row].map { clean[row].prediction != nil && !$0.isMet(by: clean[row].prediction) }
        ?? false
    }
    let first = batch.indices.first ?? 0
    let model = ObservedModel(
      session.attackModel(), indices: first..<first + batch.count, criteria: criteria,
      passes: session.passesPerQuestion)
    let proposals = try propose(entry, to: attacked, criteria: criteria, model: model)
    var best = Candidates(
      clean: batch.images, scores: scores, criteria: criteria, labels: clean.map(\.label))
    var result: [AttackedChunk] = []
    for epsilon in entry.epsilons {
      var violations: [Int: Violation] = [:]
      let threat = ThreatModel(norm: entry.norm, radius: epsilon.radius, bounds: bounds)
      if var proposal = proposals[epsilon] {
        for (position, row) in attacked.enumerated() {
          var image = Array(proposal.row(position))
          guard let violation = enforce(threat, on: &image, around: batch.images.row(row))
          else { continue }
          violations[row] = violation
          proposal.setRow(position, to: Tensor(shape: [1, image.count], values: image), row: 0)
        }
        let scores = try session.scores(batch.selecting(attacked).with(images: proposal))
        for (position, row) in attacked.enumerated() {
          best.offer(proposal, scores, from: position, to: row, choice: entry.choice)
        }
      }
      var chunk = AttackedChunk(images: best.images, outcomes: [])
      let eightBit = try plan.scoresEightBit ? eightBitPredictions(best.images, threat) : nil
      let verdicts = try session.verdicts(
        batch.with(images: best.images), scores: best.scores,
        questions: [CertificateQuestion(norm: entry.norm, size: epsilon.value)])
      let isAttacked = Set(attacked)
      for row in batch.indices.indices {
        chunk.outcomes.append(
          Outcome(
            criterion: criteria[row], isAttacked: isAttacked.contains(row),
            isSuccess: criteria[row]?.isMet(by: verdicts[row].prediction) ?? false,
            isCorrect: clean[row].isCorrect && verdicts[row].prediction == clean[row].label,
            verdict: verdicts[row],
            margin: logitMargin(of: clean[row].label, in: best.scores.row(row)),
            distances: Distances(best.images.row(row), from: batch.images.row(row)),
            cost: model.costs[row],
            isEightBitSuccess: eightBit.map { criteria[row]?.isMet(by: $0[row]) ?? false },
            wasNotFinite: violations[row] == .notFinite, wasOutside: violations[row] == .outside))
      }
      result.append(chunk)
    }
    return result
  }

  private func criteria(_ entry: EvaluationPlan.Entry) -> [Criterion?] {
    clean.enumerated().map { row, clean in
      let label = entry.label == .true ? clean.label : clean.prediction
      return label.map {
        entry.targeting.criterion(
          label: $0, logits: scores.row(row), seed: plan.seed, example: batch.indices[row])
      }
    }
  }

  /// The attack's images for the rows given, by size; none at size 0, where only the clean image
  /// is.
  private func propose(
    _ entry: EvaluationPlan.Entry, to rows: [Int], criteria: [Criterion?], model: ObservedModel
  ) throws -> [Epsilon: Tensor] {
    let epsilons = entry.epsilons.filter { $0.radius > 0 }
    guard !rows.isEmpty, !epsilons.isEmpty else { return [:] }
    let batch = batch.selecting(rows)
    let task = AttackTask(
      batch: batch, criteria: rows.compactMap { criteria[$0] },
      threats: epsilons.map { epsilon in
        [ThreatModel](
          repeating: ThreatModel(
            norm: entry.norm, radius: epsilon.radius, bounds: bounds),
          count: rows.count)
      }, choice: entry.choice, seed: plan.seed)
    let proposals = try entry.attack.perturb(task, against: model)
    guard proposals.count == epsilons.count else {
      throw EvaluationError.proposal(
        attack: entry.name,
        problem: "answered \(proposals.count) batches for \(epsilons.count) sizes")
    }
    if let wrong = proposals.first(where: { $0.shape != batch.images.shape }) {
      throw EvaluationError.proposal(
        attack: entry.name,
        problem: "answered images of shape \(wrong.shape) for images of \(batch.images.shape)")
    }
    return Dictionary(zip(epsilons, proposals), uniquingKeysWith: { first, _ in first })
  }

  /// What the model says of the images once they are rounded to 8 bits inside their balls.
  private func eightBitPredictions(_ images: Tensor, _ threat: ThreatModel) throws -> [Int?] {
    let scale = PixelScale(range: bounds)
    let table = scale.table
    var values: [Float] = []
    values.reserveCapacity(images.values.count)
    for row in 0..<images.rowCount {
      let quantized = Quantization(
        images.row(row), around: batch.images.row(row), in: threat, scale: scale)
      values += quantized.levels.map { table[Int($0)] }
    }
    let tensor = Tensor(shape: images.shape, values: values)
    let rounded = batch.with(images: tensor)
    return try session.verdicts(
      rounded, scores: try session.scores(rounded), questions: []
    ).map(\.prediction)
  }
}

extension Tensor {
  /// The predicted class of each row of logits; none where a logit is NaN.
  public func predictions() -> [Int?] { (0..<rowCount).map(prediction(ofRow:)) }

  /// The same for one row.
  func prediction(ofRow index: Int) -> Int? {
    row(index).contains(where: \.isNaN) ? nil : argmax(ofRow: index)
  }
}
