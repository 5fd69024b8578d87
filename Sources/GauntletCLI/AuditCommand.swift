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
      learned from canaries.

      EXAMPLES
        gauntlet audit --architecture small-cnn --data mnist --limit 5000 --method dp-sgd \\
            --batch-size 250 --noise-multiplier 0.8 --epochs 3
        gauntlet audit --config private.json --data mnist --canary-kind image --json audit.json
      """)

  @Option(
    help: ArgumentHelp(
      "What to train; the architectures of gauntlet train.", valueName: "name"))
  var architecture: String

  @Option(help: ArgumentHelp("The data, as for gauntlet train.", valueName: "path"))
  var data: String

  @Option(help: "The part of the data to train on.")
  var split = "train"

  @Option(help: ArgumentHelp("The first examples only.", valueName: "n"))
  var limit: Int?

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
  @OptionGroup(title: "Private training") var privacy: PrivacyOptions

  @Option(
    help: ArgumentHelp(
      "A JSON file with options, as {\"epochs\": 3}; those of the command line win.",
      valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("Write the result as one JSON document.", valueName: "file"))
  var json: String?

  @Option(help: "How many threads compute; changes no result.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(name: .shortAndLong, help: "Writes nothing to standard error but errors.")
  var quiet = false

  func validate() throws {
    guard Architecture.named(architecture) != nil else {
      let names = Architecture.all.map(\.name).joined(separator: ", ")
      throw ValidationError("there is no architecture '\(architecture)'; there are \(names)")
    }
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads is to be 1 to 1024, not \(threads)")
    }
    if let limit, limit < 1 { throw ValidationError("--limit is to be at least 1, not \(limit)") }
    guard confidence > 0 && confidence < 1 else {
      throw ValidationError("--confidence is to be between 0 and 1, not \(confidence)")
    }
  }

  func run() throws {
    guard let architecture = Architecture.named(architecture) else { return }
    if let json, json != "-" { try checkWritable(json) }
    let train = try Dataset.load(path: data, split: split)
    let count = min(limit ?? train.count, train.count)
    let network = try architecture.makeNetwork(
      inputShape: train.shape, classes: train.classCount,
      normalization: try recipe.normalization(channels: train.shape[0]), seed: recipe.seed)
    let configuration = try recipe.configuration()
    let steps = configuration.epochs * configuration.stepsPerEpoch(count: count)
    guard try privacy.system(attacks: false, noises: false) is DPSGDTraining else {
      throw UsageError("an audit needs a claim: --method dp-sgd with its options")
    }
    privacy.warn(examples: count)
    let examples = TrainingData(labels: Array(train.labels.prefix(count))) { train.images($0) }
    let method = try privacy.request.descent(
      TrainingSetting(
        network: network, data: examples, configuration: configuration, privacy: privacy.request))
    let run = PrivateRun(
      network: network, classes: train.classCount,
      data: examples, configuration: configuration, method: method,
      chunk: privacy.microBatch ?? ClippedGradient.block)
    let audit = try audit(run)
    let delta = privacy.request.target.delta
    let accounted = try PLDAccountant().epsilon(of: method.event(steps: steps), delta: delta)
    let result = try AuditResult(
      audit, kind: canaryKind, method: "dp-sgd \(method.summary)", steps: steps, examples: count,
      claimedEpsilon: max(privacy.request.target.epsilon ?? accounted, accounted))
    if let json {
      let text = try result.json()
      if json == "-" { Terminal.print(text) } else { try writeAtomically(text, to: json) }
    }
    if json != "-" { Terminal.print(result.text) }
    if result.verdict == .violation { throw BrokenClaim(result: result) }
  }

  /// What is trained.
  private struct PrivateRun {
    var network: Network
    var classes: Int
    var data: TrainingData
    var configuration: TrainingConfiguration
    var method: DPSGD
    var chunk: Int
  }

  private func audit(_ run: PrivateRun) throws -> CanaryAudit {
    let seed = run.configuration.seed
    switch canaryKind {
    case .gradient:
      let method = try GradientCanaries(
        run.method, for: run.network, count: run.data.count, canaries: canaries, seed: seed,
        chunk: run.chunk, threads: threads)
      _ = try train(run, on: run.data, method: method)
      return try CanaryAudit(
        scores: method.scores, included: method.included, delta: privacy.request.target.delta,
        confidence: confidence)
    case .image:
      let images = try ImageCanaries(canaries, in: run.data, classes: run.classes, seed: seed)
      let descent = try PrivateDescent(
        run.method, for: run.network, count: run.data.count, seed: seed, chunk: run.chunk,
        threads: threads)
      let network = try train(run, on: images.data, method: images.leavingOut(descent))
      return try CanaryAudit(
        scores: images.scores(of: network), included: images.included,
        delta: privacy.request.target.delta, confidence: confidence)
    }
  }

  /// The network after the last step.
  private func train(
    _ run: PrivateRun, on data: TrainingData, method: any TrainingMethod
  ) throws -> Network {
    let trainer = try Trainer(
      run.network, on: data, configuration: run.configuration, method: method)
    var bar = ProgressBar(isQuiet: quiet)
    let interruption = Interruption()
    defer { bar.end() }
    try interruption.during {
      while !trainer.isFinished {
        _ = try trainer.advance()
        bar.update(trainer.step, of: trainer.totalSteps, text: " steps")
        if interruption.isRequested { throw CancellationError() }
      }
    }
    return trainer.averagedNetwork
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
