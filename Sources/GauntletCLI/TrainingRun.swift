import Dispatch
import Files
import Foundation
import Gauntlet

/// One training run of the command line: steps, progress, checkpoints, the end.
struct TrainingRun {
  let trainer: Trainer
  let description: TrainingSummary.Run
  /// The network's name, without an ending.
  let output: String
  let plan: TrainingPlan
  let system: any TrainingSystem
  let test: TrainingData?
  let threads: Int
  /// Steps between checkpoints; 0 for none.
  let checkpointEvery: Int
  let quiet: Bool
  /// How many examples are learnt from.
  let examples: Int
  /// The privacy that was asked for.
  let target: PrivacyStatement.Claim
  private var progress = Checkpoint.Progress()
  private var begun = DispatchTime.now()
  private var firstStep = 0
  private var drawn = DispatchTime(uptimeNanoseconds: 0)
  private var lastLoss: Double?
  private var lastCorrect: Int?

  init(
    trainer: Trainer, plan: TrainingPlan, system: any TrainingSystem,
    description: TrainingSummary.Run, output: String, test: TrainingData?, threads: Int,
    checkpointEvery: Int, quiet: Bool, examples: Int, target: PrivacyStatement.Claim
  ) {
    self.trainer = trainer
    self.plan = plan
    self.system = system
    self.description = description
    self.output = NetworkFile.stem(output)
    self.test = test
    self.threads = threads
    self.checkpointEvery = checkpointEvery
    self.quiet = quiet
    self.examples = examples
    self.target = target
  }

  /// True where nothing that training data answer may be told.
  private var isPrivate: Bool { plan.account.claimsPrivacy }
  private var checkpoint: String { output + ".checkpoint" }
  private var statement: String { output + ".privacy.json" }

  /// Goes to where an interrupted run stood, or makes sure that none is lost.
  mutating func begin(resuming: Bool) throws {
    let paths = NetworkFile.paths(output)
    for path in [paths.description, paths.weights, checkpoint, statement] {
      try checkWritable(path)
    }
    // What cannot be said at the end is refused before a step is taken.
    _ = try privacyStatement(weights: "", steps: trainer.totalSteps)
    // What a killed run wrote and did not finish holds weights of steps that nobody counts.
    for path in [paths.weights, checkpoint] { removeUnfinished(path) }
    let exists = FileManager.default.fileExists(atPath: checkpoint)
    if resuming {
      guard exists else {
        throw UsageError("there is no '\(checkpoint)' to go on from; run without --resume")
      }
      let found = try Checkpoint.read(checkpoint, for: description, of: trainer)
      trainer.state = found.state
      progress = found.progress
    } else if exists {
      throw UsageError(
        "'\(checkpoint)' is of an interrupted run: go on with --resume, or remove it")
    }
  }

  /// Takes the steps that are left, then writes the network.
  mutating func finish() throws {
    firstStep = trainer.step
    begun = .now()
    let interruption = Interruption()
    try interruption.during {
      while !trainer.isFinished {
        let outcome = try trainer.advance(replacing: plan.images)
        // What private training data answer is nobody's business.
        if !isPrivate {
          progress.loss += outcome.loss * Double(outcome.count)
          progress.correct += outcome.correct
          progress.count += outcome.count
        }
        draw()
        let isEpochEnd = trainer.step % trainer.stepsPerEpoch == 0
        // Nothing is told of private steps that an interruption could undo, so that whatever is
        // told comes from steps that the statement counts.
        if isEpochEnd, isPrivate { try save() }
        if isEpochEnd { try endEpoch() }
        if interruption.isRequested {
          clearLine()
          try save()
          Terminal.say(
            "gauntlet: stopped after step \(trainer.step) of \(trainer.totalSteps); the same "
              + "command with --resume goes on from '\(checkpoint)'")
          throw CancellationError()
        }
        if checkpointEvery > 0, trainer.step % checkpointEvery == 0, !trainer.isFinished {
          try save()
        }
      }
    }
    let network = try plan.finish(trainer.averagedNetwork)
    // Of a run that went on from its last step; else the last epoch's line has counted.
    if lastCorrect == nil, let test { lastCorrect = try correctCount(network, on: test) }
    // The digest of private data would tell whoever can guess them that the guess is right.
    var description = description
    if isPrivate { description.data = "private" }
    // A statement about an earlier network of this name does not hold for the new one.
    try? FileManager.default.removeItem(atPath: statement)
    try NetworkFile(
      network,
      training: TrainingSummary(
        run: description, steps: trainer.step, loss: lastLoss, testCorrect: lastCorrect,
        testCount: test?.count)
    ).write(to: output)
    let paths = NetworkFile.paths(output)
    let privacy = try privacyStatement(weights: sha256(ofFile: paths.weights), steps: trainer.step)
    try writeAtomically(privacy.json(), to: statement)
    try? FileManager.default.removeItem(atPath: checkpoint)
    var text = "network    \(paths.description), \(paths.weights)\n"
    text += "parameters \(trainer.network.parameterCount)\n"
    if let test, let lastCorrect {
      let remark = network.noises.isEmpty ? "" : " by vote of \(Self.draws) draws of its noise"
      text += "test       \(Self.share(lastCorrect, test.count))\(remark)\n"
    }
    text += privacy.summary + ", \(statement)\n"
    text += "time       \(Self.duration(seconds)) (\(trainer.step - firstStep) steps)\n"
    Terminal.print(text)
  }

  /// Draws of a noisy network that vote about a test image.
  private static let draws = 16

  private func correctCount(_ network: Network, on test: TrainingData) throws -> Int {
    try network.correctCount(
      on: test, threads: threads, draws: Self.draws, seed: description.configuration.seed)
  }

  private func privacyStatement(weights: String, steps: Int) throws -> PrivacyStatement {
    try PrivacyStatement(
      weights: weights, system: system, account: plan.account, steps: steps, examples: examples,
      target: target)
  }

  private func save() throws {
    try Checkpoint(run: description, state: trainer.state, progress: progress)
      .write(to: checkpoint)
  }

  private var seconds: Double {
    Double(DispatchTime.now().uptimeNanoseconds - begun.uptimeNanoseconds) * 1e-9
  }

  /// The line of a finished epoch.
  private mutating func endEpoch() throws {
    clearLine()
    var line = "epoch \(trainer.epoch)/\(description.configuration.epochs)"
    if !isPrivate {
      let loss = progress.loss / Double(max(progress.count, 1))
      lastLoss = loss
      line += String(format: "  loss %.4f  accuracy %.2f %%", loss, percent)
    }
    if let test {
      let correct = try correctCount(try plan.finish(trainer.averagedNetwork), on: test)
      lastCorrect = correct
      line += "  test \(Self.share(correct, test.count))"
    }
    line += "  \(Self.duration(seconds))"
    if !quiet { Terminal.say(line) }
    progress = Checkpoint.Progress()
  }

  private var percent: Double { 100 * Double(progress.correct) / Double(max(progress.count, 1)) }

  /// The line that is rewritten while somebody watches, ten times a second at most.
  private mutating func draw() {
    guard !quiet, Terminal.isWatched else { return }
    let now = DispatchTime.now()
    guard now.uptimeNanoseconds - drawn.uptimeNanoseconds > 100_000_000 else { return }
    drawn = now
    let done = trainer.step - firstStep
    let perStep = seconds / Double(done)
    let inEpoch = (trainer.step - 1) % trainer.stepsPerEpoch + 1
    let text =
      "epoch \((trainer.step - 1) / trainer.stepsPerEpoch + 1)/\(description.configuration.epochs)  "
      + "step \(inEpoch)/\(trainer.stepsPerEpoch)  "
      + (!isPrivate
        ? String(
          format: "loss %.4f  accuracy %.1f %%  ",
          progress.loss / Double(max(progress.count, 1)), percent) : "")
      + String(
        format: "%.0f images/s  ", Double(description.configuration.batchSize) / perStep)
      + "\(Self.duration(perStep * Double(trainer.totalSteps - trainer.step))) to go"
    Terminal.write("\r\u{1b}[K" + text.prefix(max(Terminal.width - 1, 1)))
  }

  private func clearLine() {
    if !quiet, Terminal.isWatched { Terminal.write("\r\u{1b}[K") }
  }

  /// "99.12 % [98.92, 99.29] (9912 of 10000)"
  private static func share(_ correct: Int, _ count: Int) -> String {
    let share = Proportion(correct, of: count)
    let interval = share.interval()
    return String(
      format: "%.2f %% [%.2f, %.2f]", 100 * share.value, 100 * interval.lowerBound,
      100 * interval.upperBound) + " (\(correct) of \(count))"
  }

  /// "1 h 2 min", "3 min 20 s", "12 s"
  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole >= 3600 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
    return whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
  }
}
