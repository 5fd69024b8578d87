import ArgumentParser
import Files
import Foundation
import Gauntlet

/// `gauntlet evaluate`: accuracy under attack.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Attacks a model on data and says what is left of its accuracy.",
    discussion: """
      Without --model and --data it evaluates the example that comes with the package.

      EXAMPLES
        gauntlet evaluate
        gauntlet evaluate --model mnist.onnx --data mnist --epsilon 0.1,0.2 --limit 1000
        gauntlet evaluate --model cifar.onnx --data cifar10 --mean 0.49,0.48,0.45 \\
            --std 0.25,0.24,0.26 --attack fgsm --attack madry:steps=100,restarts=5 \\
            --epsilon 2/255,8/255 --json result.json --records result.jsonl
        gauntlet evaluate --model mnist.onnx --data mnist --attack madry --epsilon 0.3 \\
            --target least-likely --gallery fooled
        gauntlet evaluate --model mnist.onnx --data mnist --noise gaussian:scale=0.25 \\
            --certify gaussian --norm l2 --epsilon 0.25,0.5,1 --attack none --limit 500
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Attacks") var attack: AttackOptions
  @OptionGroup(title: "Noise and certificates") var smoothing: SmoothingArguments
  @OptionGroup(title: "Results") var output: OutputOptions

  @Option(help: ArgumentHelp("How many threads share the work; changes no result.", valueName: "n"))
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads is to be 1 to 1024, not \(threads)")
    }
    if (model.model == nil) != (data.data == nil) {
      throw ValidationError(
        model.model == nil ? "--data is given without --model" : "--model is given without --data")
    }
  }

  func run() throws {
    // What can be wrong on the command line alone is found before any file is read.
    _ = try attack.entries(bounds: data.bounds)
    try output.check()
    for path in [smoothing.certificates, smoothing.chart].compactMap(\.self) {
      try checkWritable(path)
    }
    let dataPath = try data.data ?? PackageFixtures.path("digits")
    let modelPath = try model.model ?? PackageFixtures.path("models/digits-cnn.onnx")
    let opened = try model.open(modelPath, data: data, dataPath: dataPath)
    let dataset = opened.dataset
    let noisy = try NoisyModel(
      opened.network, adding: smoothing.noiseArguments(), dataset: dataset, seed: attack.seed,
      threads: threads)
    let questions = try smoothing.certifiers.isEmpty ? [] : attack.questions(bounds: dataset.range)
    let subject = try noisy.subject(
      smoothing, norms: Set(questions.map(\.norm)), bounds: dataset.range,
      chunk: model.batchSize)
    let plan = EvaluationPlan(
      entries: try attack.entries(
        bounds: dataset.range, isNoisy: !noisy.network.noises.isEmpty), seed: attack.seed,
      threads: threads, range: try data.indices(of: dataset.count),
      scoresEightBit: output.records != nil || output.gallery != nil, cleanQuestions: questions)
    let source = ExampleSource(count: dataset.count) { range in
      (dataset.images(range), Array(dataset.labels[range]))
    }
    let evaluator = try Evaluator(subject, source, plan: plan)
    var run = try EvaluationRun(
      evaluator, plan, subject, opened, output, smoothing: smoothing, caveats: noisy.caveats)
    try run.perform()
  }
}
