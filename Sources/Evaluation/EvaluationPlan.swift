public import Robustness

/// What an evaluation does: everything that its numbers depend on besides the model and the data.
public struct EvaluationPlan: Sendable {
  /// One attack at some sizes.
  public struct Entry: Sendable {
    /// What it is called in results and file names; no two entries share a name.
    public var name: String
    public var attack: any Attack
    public var norm: Norm
    /// Ascending.
    public var epsilons: [Epsilon]
    public var targeting: Targeting
    public var label: LabelSource
    public var choice: AttackTask.Choice

    public init(
      name: String? = nil, attack: any Attack, norm: Norm, epsilons: [Epsilon],
      targeting: Targeting = .untargeted, label: LabelSource = .true,
      choice: AttackTask.Choice = .best
    ) {
      self.name = name ?? type(of: attack).information.name
      self.attack = attack
      self.norm = norm
      self.epsilons = epsilons.sorted { $0.value < $1.value }
      self.targeting = targeting
      self.label = label
      self.choice = choice
    }
  }

  /// In the order of the results; none for clean accuracy alone.
  public var entries: [Entry]
  /// The key of everything random.
  public var seed: UInt64
  /// How many threads share the work; changes no result.
  public var threads: Int
  /// The examples meant, by their index in the data.
  public var range: Range<Int>
  /// True where every recorded image is also rounded to 8 bits inside its ball and classified.
  public var scoresEightBit: Bool
  /// The sizes that certificates of the clean images are asked for.
  public var cleanQuestions: [CertificateQuestion]

  /// - Parameter cleanQuestions: nil asks for the sizes of the attacks.
  public init(
    entries: [Entry], seed: UInt64 = 0, threads: Int = 1, range: Range<Int>,
    scoresEightBit: Bool = false, cleanQuestions: [CertificateQuestion]? = nil
  ) {
    self.entries = entries
    var asked: Set<CertificateQuestion> = []
    self.cleanQuestions =
      cleanQuestions
      ?? entries.flatMap { entry in
        entry.epsilons.map { CertificateQuestion(norm: entry.norm, size: $0.value) }
      }.filter { asked.insert($0).inserted }
    self.seed = seed
    self.threads = threads
    self.range = range
    self.scoresEightBit = scoresEightBit
    // The same attack twice, with other parameters: madry, madry-2.
    var seen: [String: Int] = [:]
    for index in self.entries.indices {
      let name = self.entries[index].name
      seen[name, default: 0] += 1
      if let number = seen[name], number > 1 { self.entries[index].name = "\(name)-\(number)" }
    }
  }

  /// Checks the plan against a model.
  ///
  /// - Throws: ``EvaluationError/plan(problem:)`` or ``EvaluationError/attack(name:problem:)``, and
  ///   `AttackError` for parameters out of range.
  public func validate(classCount: Int, exampleCount: Int) throws {
    guard !range.isEmpty else { throw EvaluationError.plan(problem: "no examples are asked for") }
    guard range.lowerBound >= 0, range.upperBound <= exampleCount else {
      throw EvaluationError.plan(
        problem: "examples \(range.lowerBound) to \(range.upperBound - 1) are asked for, "
          + "the data hold \(exampleCount)")
    }
    guard threads >= 1 else {
      throw EvaluationError.plan(problem: "\(threads) threads cannot do the work")
    }
    for entry in entries {
      try entry.attack.validate()
      let information = type(of: entry.attack).information
      guard information.norms.contains(entry.norm) else {
        let names = information.norms.map(\.rawValue).joined(separator: ", ")
        throw EvaluationError.attack(
          name: entry.name, problem: "is not defined for \(entry.norm.rawValue), only for \(names)")
      }
      guard !entry.epsilons.isEmpty else {
        throw EvaluationError.attack(name: entry.name, problem: "is given no epsilon")
      }
      guard entry.targeting == .untargeted || classCount > 1 else {
        throw EvaluationError.attack(
          name: entry.name, problem: "cannot be targeted: the model has one class")
      }
      if case .class(let index) = entry.targeting, index >= classCount {
        throw EvaluationError.attack(
          name: entry.name,
          problem: "is targeted at class \(index), the model has classes 0 to \(classCount - 1)")
      }
    }
  }
}
