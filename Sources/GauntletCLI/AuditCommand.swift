public import ArgumentParser
import Files
import Foundation
public import Gauntlet

extension AuditResult.Kind: ExpressibleByArgument {}

/// `gauntlet audit`: puts the epsilon of a private training run to the test.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Measures from one private training run how large its epsilon is at least.",
    discussion: """
      Trains as 'gauntlet train' would with the same options, with canaries among the examples, each \
      put in or left out by a coin, and guesses the coins from what the run releases. How many \
      guesses are right gives a lower bound on epsilon, which is printed beside the claim \
      (T. Steinke, M. Nasr, M. Jagielski, "Privacy Auditing with One (1) Training Run", 2023). The \
      exit status is 70 where the bound is above the claim. The network is thrown away: it has \
      learned from canaries. Of a method whose noise is shared by examples or steps (adlm and \
      stobatch as published), the data are computed from what it shows.

      EXAMPLES
        gauntlet audit --architecture small-cnn --data mnist --limit 5000 --method dp-sgd \\
            --batch-size 250 --noise-multiplier 0.8 --epochs 3
        gauntlet audit --config private.json --data mnist --canary-kind image --json audit.json
      """)

  @OptionGroup var source: SourceOptions

  @Option(
    help: ArgumentHelp(
      "How many coins are tossed: more can prove more. Gradient canaries: at most one a parameter; "
        + "image canaries: at most one an example.", valueName: "n"))
  var canaries = 1000

  @Option(
    help: ArgumentHelp(
      "gradient: along one coordinate each, seen in every step; image: wrong labels, seen in the "
        + "final network.", valueName: "kind"))
  var canaryKind = AuditResult.Kind.gradient

  @Option(
    help: ArgumentHelp(
      "With what probability the bound is to hold.", valueName: "p"))
  var confidence = 0.95

  @OptionGroup(title: "Training") var recipe: RecipeOptions
  @OptionGroup(title: "Adversarial training") var adversary: AdversaryOptions
  @OptionGroup(title: "Private training") var privacy: PrivacyOptions

  @Option(help: ArgumentHelp("Write the result as one JSON document.", valueName: "file"))
  var json: String?

  @Option(help: "How many threads compute; changes no result.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(name: .shortAndLong, help: "Writes nothing to standard error but errors.")
  var quiet = false

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads is to be 1 to 1024, not \(threads)")
    }
    guard confidence > 0 && confidence < 1 else {
      throw ValidationError("--confidence is to be between 0 and 1, not \(confidence)")
    }
  }

  func run() throws {
    if let json, json != "-" { try checkWritable(json) }
    let adversary = try adversary.adversary(seed: recipe.seed, threads: threads)
    let system = try privacy.system(attacks: adversary != nil, noises: false)
    let (_, examples, network) = try source.load(recipe)
    privacy.warn(examples: examples.count)
    let setting = TrainingSetting(
      network: network, data: examples, configuration: try recipe.configuration(),
      privacy: privacy.request, adversary: adversary?.adversary, threads: threads)
    if try reconstruct(system, setting) { return }
    let options = type(of: system).information.options
    guard !options.isDisjoint(with: [.gaussianDescent, .budget]) else {
      throw UsageError("an audit needs a claim: a method with --target-epsilon or its noise")
    }
    let (audit, plan) = try audit(system, setting)
    let statement = try PrivacyStatement(
      weights: "", system: system, account: plan.account, steps: setting.steps,
      examples: examples.count, target: privacy.request.target)
    let result = try AuditResult(
      audit, kind: canaryKind,
      method: plan.description(of: system, privacy.request) ?? statement.method,
      steps: setting.steps,
      examples: examples.count, claimedEpsilon: statement.claim.epsilon ?? .infinity)
    try write(result.json, result.text)
    if result.verdict == .violation, statement.mode == .sound { throw BrokenClaim(result: result) }
  }

  /// Results go where they were asked for.
  private func write(_ document: () throws -> String, _ text: String) throws {
    if let json {
      let document = try document()
      if json == "-" { return Terminal.print(document) }
      try writeAtomically(document, to: json)
    }
    Terminal.print(text)
  }

  /// Where noise is shared, the data are computed from what is shown: true if they were asked for.
  private func reconstruct(_ system: any TrainingSystem, _ setting: TrainingSetting) throws -> Bool
  {
    guard !type(of: system).information.options.contains(.gaussianDescent) else { return false }
    let plan = try system.plan(setting)
    let (result, stopped) = try watched { progress in
      try SharedNoiseAudit.run(
        plan, setting, method: plan.description(of: system, privacy.request) ?? "",
        progress: progress)
    }
    if stopped { throw CancellationError() }
    guard let result else { return false }
    try write(result.json, result.text)
    return true
  }

  private func audit(
    _ system: any TrainingSystem, _ setting: TrainingSetting
  ) throws -> (CanaryAudit, TrainingPlan) {
    let seed = setting.configuration.seed
    let delta = privacy.request.target.delta
    var setting = setting
    switch canaryKind {
    case .gradient:
      guard type(of: system).information.options.contains(.gaussianDescent) else {
        throw UsageError(
          "gradient canaries are for methods with clipped gradients and Gaussian noise; use "
            + "--canary-kind image")
      }
      var method: GradientCanaries?
      setting.makeDescent = { descent, setting in
        let made = try GradientCanaries(
          descent, for: setting.network, count: setting.data.count, canaries: canaries, seed: seed,
          chunk: setting.privacy.microBatch, threads: threads)
        method = made
        return made
      }
      let plan = try system.plan(setting)
      _ = try train(plan, plan.method, setting)
      guard let method else { throw UsageError("the method has no descent to put canaries in") }
      return (
        try CanaryAudit(
          scores: method.scores, included: method.included, delta: delta, confidence: confidence),
        plan
      )
    case .image:
      let classes = setting.network.outputShape.reduce(1, *)
      let images = try ImageCanaries(canaries, in: setting.data, classes: classes, seed: seed)
      setting.data = images.data
      let plan = try system.plan(setting)
      guard plan.account.neighbours == .addOrRemoveOne else {
        throw UsageError(
          "canaries that are put in or left out are for guarantees for one example added or "
            + "removed; that of method \(type(of: system).information.name) is for one replaced")
      }
      let network = try train(plan, images.leavingOut(plan.method), setting)
      return (
        try CanaryAudit(
          scores: images.scores(of: network), included: images.included, delta: delta,
          confidence: confidence), plan
      )
    }
  }

  /// The network after the last step.
  private func train(
    _ plan: TrainingPlan, _ method: any TrainingMethod, _ setting: TrainingSetting
  ) throws -> Network {
    let trainer = try Trainer(
      plan.network, on: setting.data, configuration: setting.configuration, method: method,
      threads: threads)
    let (_, stopped) = try watched { progress in
      while !trainer.isFinished {
        _ = try trainer.advance(replacing: plan.images)
        guard progress(trainer.step, trainer.totalSteps) else { return }
      }
    }
    if stopped { throw CancellationError() }
    return try plan.finish(trainer.averagedNetwork)
  }

  /// Runs with a progress bar that Ctrl-C stops.
  private func watched<T>(
    _ body: (_ progress: (Int, Int) -> Bool) throws -> T
  ) throws -> (T, stopped: Bool) {
    var bar = ProgressBar(isQuiet: quiet)
    let interruption = Interruption()
    defer { bar.end() }
    let result = try interruption.during {
      try body { done, total in
        if done > 0 { bar.update(done, of: total, text: " steps") }
        return !interruption.isRequested
      }
    }
    return (result, interruption.isRequested)
  }
}

extension SharedNoiseAudit {
  /// For people.
  fileprivate var text: String {
    func share(_ value: Double) -> String { String(format: "%.2f %%", 100 * value) }
    var lines = [
      "method     \(method)",
      "claim      " + (claimedEpsilon.map { "epsilon \($0), as published" } ?? "none"),
      "images     \(share(pixelsRecovered)) of the pixels' differences of \(images) images found "
        + "(largest error \(String(format: "%.2g", largestPixelError)))",
    ]
    if let labelsRecovered, let labels {
      lines.append("labels     \(share(labelsRecovered)) of \(labels) found")
    }
    lines.append(
      isViolation
        ? "verdict    VIOLATION: what is shown tells the data; epsilon is infinite"
        : "verdict    nothing found against the claim")
    return lines.joined(separator: "\n") + "\n"
  }
}

extension AuditResult {
  /// For people.
  fileprivate var text: String {
    func share(_ value: Double) -> String { "\(Int((100 * value).rounded())) %" }
    let asked =
      rule.excluded == 0
      ? "the \(share(rule.included)) that look most included"
      : "the \(share(rule.included)) that look most included, "
        + "the \(share(rule.excluded)) that look least"
    var lines = [
      "method     \(method)", "run        \(steps) steps on \(examples) examples",
      "canaries   \(guesses.canaries) (\(kind.rawValue)), each put in by a coin",
      "guesses    \(guesses.correct) of \(guesses.guesses) right: \(asked)",
      "claim      "
        + (claimedEpsilon.map { "epsilon \(String(format: "%.6g", $0)) at delta \(delta)" }
          ?? "none"),
      "bound      epsilon at least \(String(format: "%.6g", epsilonLowerBound)) at delta \(delta), "
        + "confidence \(confidence)",
    ]
    if let pValue {
      lines.append("p-value    \(String(format: "%.3g", pValue)) if the claim holds")
    }
    switch verdict {
    case .consistent: lines.append("verdict    nothing found against the claim")
    case .violation: lines.append("verdict    VIOLATION: the claim does not hold")
    case .noClaim: lines.append("verdict    no claim to hold against the bound")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// A claim that an audit refuted: a fault of this program.
struct BrokenClaim: Error, CustomStringConvertible {
  var result: AuditResult

  var description: String {
    "THE CLAIM OF EPSILON \(result.claimedEpsilon ?? .infinity) WAS REFUTED: it is at least "
      + "\(result.epsilonLowerBound) at confidence \(result.confidence); do not rely on it, and "
      + "report this"
  }
}
