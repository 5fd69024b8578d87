import Files
import Foundation
import Gauntlet

/// One evaluation from start to end: outputs opened first, records as they come, files at the end.
struct EvaluationRun {
  private let evaluator: Evaluator
  private let plan: EvaluationPlan
  private let subject: any Subject
  private let caveats: [String]
  private let model: OpenedModel
  private let dataset: Dataset
  private let output: OutputOptions
  private let records: LineWriter?
  private let certificates: LineWriter?
  private let chart: String?
  private var curves: CertifiedCurves?
  private let gallery: Gallery?
  private let export: ArrayExport?

  /// Opens what is to be written, so that nothing is found out after a long run.
  init(
    _ evaluator: Evaluator, _ plan: EvaluationPlan, _ subject: any Subject, _ model: OpenedModel,
    _ output: OutputOptions, smoothing: SmoothingArguments, caveats: [String]
  ) throws {
    self.subject = subject
    self.caveats = caveats
    self.evaluator = evaluator
    self.plan = plan
    self.model = model
    dataset = model.dataset
    self.output = output
    if output.gallery != nil, ![1, 3].contains(model.dataset.shape[0]) {
      throw UsageError(
        "--gallery needs images of 1 or 3 channels, the data have \(model.dataset.shape[0])")
    }
    gallery = try output.gallery.map {
      try Gallery(folder: $0, bits: output.pngDepth.rawValue, overwrite: output.overwrite)
    }
    export = try output.export.map {
      try ArrayExport(folder: $0, plan: plan, overwrite: output.overwrite)
    }
    records = try output.records.map { try LineWriter($0 == "-" ? "/dev/stdout" : $0) }
    certificates = try smoothing.certificates.map { try LineWriter($0) }
    chart = smoothing.chart
    if let smoothed = subject as? SmoothedSubject, let norm = plan.cleanQuestions.first?.norm {
      curves = CertifiedCurves(smoothed, norm: norm)
    }
  }

  mutating func perform() throws {
    if !output.quiet { try announce() }
    try certificates?.append(ChunkOutcome.certificateTitle)
    let names = (subject as? SmoothedSubject)?.certification.certifiers.map {
      type(of: $0).information.name
    }
    var bar = ProgressBar(isQuiet: output.quiet)
    var picks = GalleryPicks(limit: output.galleryLimit, plan: plan)
    let interruption = Interruption()
    let summary: EvaluationSummary
    do {
      summary = try interruption.during {
        try evaluator.run(
          deliver: { chunk in
            for line in records == nil ? [] : chunk.records(plan, certifiers: names ?? []) {
              try records?.append(line)
            }
            try records?.flush()
            for line in certificates == nil ? [] : chunk.certificateLines(certifier: 0) {
              try certificates?.append(line)
            }
            try certificates?.flush()
            curves?.add(chunk)
            try export?.add(chunk)
            if gallery != nil { picks.add(chunk, plan: plan, bounds: subject.bounds) }
          }, progress: { bar.update($0, hasAttacks: !plan.entries.isEmpty) },
          isCancelled: { interruption.isRequested })
      }
    } catch {
      bar.end()
      try records?.close()
      try certificates?.close()
      throw error
    }
    bar.end()
    try records?.close()
    try certificates?.close()
    try finish(summary, picks)
  }

  private func finish(_ summary: EvaluationSummary, _ picks: GalleryPicks) throws {
    let range = subject.bounds
    var result = try EvaluationResult(
      summary, plan: plan, subject: subject, tool: .init(version: gauntletVersion),
      model: model.description,
      data: .init(
        path: dataset.path, sha256: dataset.sha256, split: dataset.split,
        first: plan.range.lowerBound, count: plan.range.count,
        range: [Double(range.lowerBound), Double(range.upperBound)]),
      privacy: privacy, caveats: caveats)
    if case .other(let sentence) = model.privacy { result.warnings.append(sentence) }
    if let path = output.json { try write(try result.json(), to: path) }
    if let chart, let curves {
      try writeAtomically(curves.chart(title: title).svg, to: chart)
    }
    if let path = output.csv { try write(result.csv, to: path) }
    if let export { _ = try export.finish() }
    let manifest = try gallery?.write(picks.picks, of: result, subject: subject)
    if !output.usesStandardOutput { Terminal.print(result.text) }
    guard !output.quiet else { return }
    if let gallery, let manifest {
      let kept = manifest.items.count { $0.fileIsAdversarial && $0.fileIsInsideBall }
      Terminal.say(
        "gallery: \(gallery.folder)/index.html, \(manifest.items.count) images, "
          + "\(kept) still adversarial and inside the ball at \(gallery.bits) bits")
    }
    if let export { Terminal.say("export: \(export.folder)") }
  }

  private var privacy: PrivacyRecord? {
    if case .statement(let record) = model.privacy { record } else { nil }
  }

  private var title: String {
    let name = model.description.path.split(separator: "/").last.map(String.init) ?? ""
    return "\(name), \(plan.range.count) images, alpha "
      + "\((subject as? SmoothedSubject).map { short($0.options.alpha) } ?? "")"
  }

  private func write(_ text: String, to path: String) throws {
    if path == "-" { Terminal.print(text) } else { try writeAtomically(text, to: path) }
  }

  /// What is about to be done and what it costs at most.
  private func announce() throws {
    for note in model.description.notes ?? [] { Terminal.say("\(model.description.path): \(note)") }
    if case .other(let sentence) = model.privacy { Terminal.say("warning: \(sentence)") }
    let count = plan.range.count
    if let smoothed = subject as? SmoothedSubject {
      for sentence in try smoothed.reach(plan.cleanQuestions) { Terminal.say(sentence) }
      let images = 1 + plan.entries.reduce(0) { $0 + $1.epsilons.count }
      let draws = (smoothed.options.draws + smoothed.options.selectionDraws) * images
      Terminal.say("at most about \(grouped(draws * count)) draws of the noise for verdicts")
    }
    guard !plan.entries.isEmpty else {
      return Terminal.say("classifying \(grouped(count)) examples")
    }
    let draws: Int
    if case .expectation(let count) = (subject as? SmoothedSubject)?.options.gradient {
      draws = count
    } else {
      draws = 1
    }
    let gradients = plan.entries.reduce(0) { $0 + cost($1) * count * draws }
    let sizes = plan.entries.first?.epsilons.count ?? 0
    Terminal.say(
      "\(grouped(count)) examples, \(plan.entries.count) "
        + "\(plan.entries.count == 1 ? "attack" : "attacks") at \(sizes) "
        + "\(sizes == 1 ? "size" : "sizes"): at most about \(grouped(gradients)) gradients")
  }

  /// Gradients an entry takes for one example if it never succeeds, as far as its parameters tell.
  private func cost(_ entry: EvaluationPlan.Entry) -> Int {
    let parameters = Attacks.parameters(of: entry.attack)
    func integer(_ name: String) -> Int? {
      guard case .integer(let value) = parameters.first(where: { $0.name == name })?.value
      else { return nil }
      return value
    }
    let restarts = integer("restarts") ?? 1
    // One gradient serves all sizes of an attack of one step.
    return integer("steps").map { $0 * restarts * entry.epsilons.count } ?? restarts
  }
}
