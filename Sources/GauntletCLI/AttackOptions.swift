import ArgumentParser
import Gauntlet

/// What the model is attacked with.
struct AttackOptions: ParsableArguments {
  @Option(
    name: .customLong("attack"),
    help: ArgumentHelp(
      "An attack from 'gauntlet attacks' with any of its parameters, or 'none'; may be repeated. "
        + "(default: fgsm, i-fgsm, mim, madry)", valueName: "name[:key=value,...]"))
  var attacks: [String] = []

  @Option(
    name: .customLong("epsilon"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Sizes in the units of the data, separated by commas; 8/255 is a number. "
        + "(default: by norm)", valueName: "list"))
  var epsilons: [String] = []

  @Option(help: "How the size of a change is measured.")
  var norm: Norm = .linf

  @Option(help: "The class that attacks are to leave: the data's, or the model's own prediction.")
  var label: LabelSource = .true

  @Option(
    help: ArgumentHelp(
      "The class that attacks are to reach: untargeted, next, random, least-likely, or a number.",
      valueName: "target"))
  var target: Targeting = .untargeted

  @Option(
    help: ArgumentHelp(
      "Which of the images an attack visited is taken: the best or the last. (default: best; of a "
        + "model with noise the last)"))
  var iterate: AttackTask.Choice?

  @Option(help: "The key of everything random.")
  var seed: UInt64 = 0

  /// The entries of a plan.
  ///
  /// - Parameter isNoisy: true for a model with noise, whose answers do not say which image is
  ///   best.
  /// - Throws: `AttackError`, `EvaluationError`, `UsageError`.
  func entries(
    bounds: ClosedRange<Float>, isNoisy: Bool = false
  ) throws -> [EvaluationPlan.Entry] {
    let attacks = try self.chosen()
    let sizes = try attacks.isEmpty ? [] : self.sizes(bounds: bounds)
    return attacks.map {
      .init(
        attack: $0, norm: norm, epsilons: sizes, targeting: target, label: label,
        choice: iterate ?? (isNoisy ? .last : .best))
    }
  }

  /// The sizes that certificates of clean images are asked for.
  ///
  /// - Throws: `EvaluationError`, `UsageError`.
  func questions(bounds: ClosedRange<Float>) throws -> [CertificateQuestion] {
    try sizes(bounds: bounds).map { CertificateQuestion(norm: norm, size: $0.value) }
  }

  private func chosen() throws -> [any Attack] {
    if attacks.contains("none") {
      guard attacks.allSatisfy({ $0 == "none" }) else {
        throw UsageError("--attack none excludes other attacks")
      }
      return []
    }
    guard attacks.isEmpty else { return try attacks.map { try Attacks.parse($0) } }
    let usual = try ["fgsm", "i-fgsm", "mim", "madry"].map { try Attacks.make(name: $0) }
      .filter { type(of: $0).information.norms.contains(norm) }
    guard !usual.isEmpty else {
      throw UsageError("no usual attack is defined for \(norm.rawValue): name one with --attack")
    }
    return usual
  }

  private func sizes(bounds: ClosedRange<Float>) throws -> [Epsilon] {
    let texts = epsilons.flatMap {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    guard texts.isEmpty else {
      let sizes = try texts.map { try Epsilon($0) }
      guard Set(sizes.map(\.name)).count == sizes.count else {
        throw UsageError("--epsilon names a size twice")
      }
      return sizes
    }
    let usual: [Double] =
      switch norm {
      case .linf: [0.05, 0.1, 0.2, 0.3]
      case .l2: [0.5, 1, 2, 3]
      case .l1: [5, 10, 20, 40]
      case .l0: [5, 10, 20, 40]
      }
    let width = norm == .l0 ? 1 : Double(bounds.upperBound) - Double(bounds.lowerBound)
    return try usual.map { try Epsilon("\($0 * width)") }
  }
}
