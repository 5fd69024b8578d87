import ArgumentParser
import Files
import Foundation
import Gauntlet

/// `gauntlet falsify`: puts certificates to the test.
struct FalsifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "falsify",
    abstract: "Looks inside certified radii for points where the prediction changes.",
    discussion: """
      Issues the certificates that 'gauntlet evaluate' would, with the same seed, and searches each \
      certified ball. A certificate is called broken where fresh draws show, at a confidence of their \
      own, that another class has more votes there. Without --certify, every certifier that is about \
      the model's noise is tried. The exit status is 70 where a theorem is broken more often than its \
      alpha allows; formulas as published may be broken without that.

      EXAMPLES
        gauntlet falsify --counterexamples
        gauntlet falsify --model mnist.onnx --data mnist --noise gaussian:scale=0.25 --limit 100
        gauntlet falsify --model noisy.json --data mnist --certify gaussian \\
            --certify as-published:hgm-pixeldp --draws 20000 --limit 50 --json trial.json
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Noise and certificates") var smoothing: SmoothingArguments
  @OptionGroup(title: "Trial") var trial: TrialArguments

  @Flag(help: "Tries every certifier on the built-in counterexamples to published formulas.")
  var counterexamples = false

  @Option(help: "Decides everything random.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Write the result as one JSON document.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("How many threads share the work; changes no result.", valueName: "n"))
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(name: .shortAndLong, help: "Write nothing to standard error but errors.")
  var quiet = false

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads is to be 1 to 1024, not \(threads)")
    }
    for (isGiven, name) in [
      (smoothing.sequential, "--sequential"), (smoothing.surrogate, "--surrogate"),
      (smoothing.certificates != nil, "--certificates"),
    ] where isGiven {
      throw ValidationError("\(name) has no meaning in a trial of certificates")
    }
    if counterexamples {
      guard model.model == nil, data.data == nil, smoothing.noises.isEmpty else {
        throw ValidationError("--counterexamples brings models, data and noise of its own")
      }
    } else if model.model == nil || data.data == nil {
      throw ValidationError("--model and --data are needed, or --counterexamples")
    }
  }

  func run() throws {
    if let json, json != "-" { try checkWritable(json) }
    if counterexamples { try tryCounterexamples() } else { try tryModel() }
  }

  private func tryCounterexamples() throws {
    let chosen = try smoothing.chosen()
    let certifiers = chosen.isEmpty ? Certifiers.all.map { $0.init() } : chosen
    let interruption = Interruption()
    var results: [CounterexampleResult] = []
    try interruption.during {
      for example in try Counterexamples.all() {
        let outcomes = try example.trial(
          of: certifiers, seed: seed, isCancelled: { interruption.isRequested })
        results.append(.init(name: example.name, refutes: example.refutes, outcomes: outcomes))
        guard json != "-" else { continue }
        Terminal.print("\(example.name)  \(example.summary)\n  \(example.reference)\n")
        Terminal.print(outcomes.text + "\n")
      }
    }
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try write(String(decoding: try encoder.encode(results), as: UTF8.self) + "\n", to: json)
    }
    let broken = results.flatMap(\.outcomes).filter { $0.isSound && $0.finding.violation != nil }
    if !broken.isEmpty { throw BrokenTheorem(names: broken.map(\.certifier)) }
  }

  private func tryModel() throws {
    guard let modelPath = model.model, let dataPath = data.data else { return }
    let opened = try model.open(modelPath, data: data, dataPath: dataPath)
    let dataset = opened.dataset
    let noisy = try NoisyModel(
      opened.network, adding: smoothing.noiseArguments(), dataset: dataset, seed: seed,
      threads: threads)
    guard !noisy.network.noises.isEmpty else {
      throw UsageError("certificates need noise in the model: one trained with it, or --noise")
    }
    let releases = try noisy.network.noiseReleases(
      in: trial.norm, calibrations: noisy.calibrations)
    let options = try trial.options(gradientDraws: smoothing.gradientDraws)
    let subject = try SmoothedSubject(
      SmoothedClassifier(noisy.network, bounds: dataset.range, chunk: model.batchSize),
      options: smoothing.options,
      certification: CertificationPlan(
        certifiers: try certifiers(for: releases), releases: [trial.norm: releases]))
    let plan = FalsificationPlan(
      norm: trial.norm, attackSize: trial.attackSize, options: options, seed: seed,
      range: try data.indices(of: dataset.count), threads: threads)
    let source = ExampleSource(count: dataset.count) { range in
      (dataset.images(range), Array(dataset.labels[range]))
    }
    let falsifier = try Falsifier(subject, source, plan: plan)
    var result = try perform(falsifier, total: plan.range.count)
    result.tool = .init(version: gauntletVersion)
    result.model = opened.description
    result.data = .init(
      path: dataset.path, sha256: dataset.sha256, split: dataset.split,
      first: plan.range.lowerBound, count: plan.range.count,
      range: [Double(dataset.range.lowerBound), Double(dataset.range.upperBound)])
    if let json { try write(try result.json(), to: json) }
    if json != "-" { Terminal.print(result.text()) }
    if !result.brokenTheorems.isEmpty { throw BrokenTheorem(names: result.brokenTheorems) }
  }

  private func perform(_ falsifier: Falsifier, total: Int) throws -> FalsificationResult {
    var bar = ProgressBar(isQuiet: quiet)
    let interruption = Interruption()
    var (done, broken) = (0, 0)
    defer { bar.end() }
    return try interruption.during {
      try falsifier.run(
        deliver: { example in
          done += 1
          broken += example.trials.count { $0?.finding.violation != nil }
          bar.update(done, of: total, text: "  \(broken) certificates broken")
        }, isCancelled: { interruption.isRequested })
    }
  }

  /// Those asked for, or all that are about this noise.
  private func certifiers(for releases: [NoiseRelease]) throws -> [any Certifier] {
    let chosen = try smoothing.chosen()
    let evidence = Evidence(
      bounds: ClassBounds(lower: 0.9, upper: 0.1), releases: releases, norm: trial.norm,
      attackSize: trial.attackSize)
    return try (chosen.isEmpty ? Certifiers.all.map { $0.init() } : chosen).filter { certifier in
      do {
        _ = try certifier.radius(evidence)
        return true
      } catch {
        let sentence = "certifier '\(type(of: certifier).information.name)' \(error)"
        if !chosen.isEmpty { throw UsageError(sentence) }
        if !quiet { Terminal.say(sentence) }
        return false
      }
    }
  }

  private func write(_ text: String, to path: String) throws {
    if path == "-" { Terminal.print(text) } else { try writeAtomically(text, to: path) }
  }
}

/// What the certifiers say of one counterexample, in JSON.
private struct CounterexampleResult: Encodable {
  var name: String
  var refutes: String
  var outcomes: [Counterexample.Outcome]
}

/// A certifier that is a theorem and was refuted: a fault of this program.
struct BrokenTheorem: Error, CustomStringConvertible {
  var names: [String]

  var description: String {
    "CERTIFICATES THAT ARE THEOREMS WERE BROKEN: \(names.joined(separator: ", ")); "
      + "do not rely on them, and report this"
  }
}
