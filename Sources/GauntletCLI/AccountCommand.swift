public import ArgumentParser
import Files
import Foundation
public import Gauntlet

extension NeighbouringRelation: ExpressibleByArgument {}

/// `gauntlet account`: what a private training run costs.
struct AccountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account",
    abstract: "Says how private a training run is, or how much noise a run needs.",
    discussion: """
      With --noise-multiplier (or --history) the epsilon is computed; with --epsilon the smallest \
      noise multiplier is. No data are read.

      EXAMPLES
        gauntlet account --examples 60000 --batch-size 250 --noise-multiplier 1.1 --epochs 60
        gauntlet account --examples 50000 --batch-size 500 --epsilon 3 --epochs 30 --delta 1e-6
        gauntlet account --history opacus.json --delta 1e-5
      """)

  @Option(help: ArgumentHelp("How many examples are trained on.", valueName: "n"))
  var examples: Int?

  @Option(help: ArgumentHelp("Examples that a step takes on average.", valueName: "n"))
  var batchSize: Int?

  @Option(
    help: ArgumentHelp(
      "The standard deviation of the noise, in clipping norms.", valueName: "sigma"))
  var noiseMultiplier: Double?

  @Option(help: "Steps.")
  var steps: Int?

  @Option(help: "Epochs of examples / batch size steps each, in the place of --steps.")
  var epochs: Double?

  @Option(help: "The probability that the epsilon does not cover; below 1 / examples.")
  var delta = 1e-5

  @Option(help: "Looks for the noise that costs at most this epsilon.")
  var epsilon: Double?

  @Option(help: "Which data sets are compared: add-or-remove-one or replace-one.")
  var relation = NeighbouringRelation.addOrRemoveOne

  @Option(
    help: ArgumentHelp(
      "An Opacus accountant's history, as JSON: [[noise multiplier, sample rate, steps], ...], "
        + "alone or in its state_dict.", valueName: "file"))
  var history: String?

  @Option(
    help: ArgumentHelp(
      "Write the result as one JSON document, - for standard output in place of the text.",
      valueName: "file"))
  var json: String?

  func run() throws {
    if let json, json != "-" { try checkWritable(json) }
    if let examples, delta >= 1 / Double(examples) {
      Terminal.say(
        "gauntlet: a delta of \(delta) is not below 1 / \(examples): publishing a whole example at "
          + "random would satisfy it")
    }
    if let history {
      guard noiseMultiplier == nil, epsilon == nil, steps == nil, epochs == nil, batchSize == nil
      else { throw UsageError("--history says all about the steps; leave other options away") }
      try report(try Self.read(history))
      return
    }
    let (rate, steps) = try sampling()
    switch (noiseMultiplier, epsilon) {
    case (let sigma?, nil):
      let stretch = AccountantHistory.Stretch(
        noiseMultiplier: sigma, sampleRate: rate, steps: steps)
      try report(AccountantHistory(history: [stretch]))
    case (nil, let epsilon?):
      let sigma = try NoiseCalibrator.noiseMultiplier(epsilon: epsilon) {
        sigma throws(PrivacyError) in
        try PLDAccountant(relation: relation).epsilon(
          of: .selfComposed(
            .poissonSampledGaussian(rate: rate, noiseMultiplier: sigma), count: steps),
          delta: delta)
      }
      let stretch = AccountantHistory.Stretch(
        noiseMultiplier: sigma, sampleRate: rate, steps: steps)
      try report(AccountantHistory(history: [stretch]))
    default: throw UsageError("give one of --noise-multiplier, --epsilon and --history")
    }
  }

  /// The sampling rate and the number of steps.
  private func sampling() throws -> (rate: Double, steps: Int) {
    guard let examples, let batchSize else {
      throw UsageError("--examples and --batch-size are needed")
    }
    guard examples >= 1, batchSize >= 1, batchSize <= examples else {
      throw UsageError("--batch-size \(batchSize) is not between 1 and the \(examples) examples")
    }
    let rate = Double(batchSize) / Double(examples)
    switch (steps, epochs) {
    case (let steps?, nil) where steps >= 0: return (rate, steps)
    case (nil, let epochs?) where epochs >= 0 && epochs / rate < 1e12:
      return (rate, Int((epochs / rate).rounded(.up)))
    case (nil, nil), (_?, _?): throw UsageError("give one of --steps and --epochs")
    default: throw UsageError("--steps and --epochs are numbers of at least 0")
    }
  }

  private static func read(_ path: String) throws -> AccountantHistory {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw UsageError("file '\(path)' cannot be read")
    }
    do {
      return try JSONDecoder().decode(AccountantHistory.self, from: data)
    } catch {
      throw UsageError(
        "file '\(path)' is no history of an accountant, expected JSON of the form "
          + "[[noise multiplier, sample rate, steps], ...]")
    }
  }

  private func report(_ run: AccountantHistory) throws {
    let report = try AccountReport(run, delta: delta, relation: relation)
    if let json {
      let text = try report.json()
      if json == "-" { return Terminal.print(text) }
      try writeAtomically(text, to: json)
    }
    Terminal.print(text(report))
  }

  private func text(_ report: AccountReport) -> String {
    var lines = report.steps.map {
      "steps        \($0.steps) with sampling rate \(Self.short($0.samplingRate)) and noise "
        + "multiplier \(Self.short($0.noiseMultiplier))"
    }
    lines.append("delta        \(delta)")
    for (index, bound) in report.bounds.enumerated() {
      let order = bound.order.map { ", order \(Self.short($0))" } ?? ""
      lines.append(
        (index == 0 ? "epsilon      " : "             ")
          + "\(Self.short(bound.epsilon ?? .infinity))  by \(bound.accountant)\(order)")
    }
    let neighbours =
      relation == .addOrRemoveOne
      ? "one example added or removed" : "one example in the place of another"
    lines += [
      "neighbours   data sets that differ by \(neighbours)",
      "assumes      each example is in each step's batch independently with the sampling rate (Poisson",
      "             sampling; batches of a shuffled order are not covered), per-example gradients",
      "             clipped to the norm that the noise is a multiple of",
      "not covered  the choice of hyper-parameters on the same data, noise shares computed from the",
      "             data, several examples of one person, and any other use of the data",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func short(_ value: Double) -> String { String(format: "%.6g", value) }
}
