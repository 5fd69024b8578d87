public import Tensors

/// A way to look for adversarial examples with the model's gradients.
///
/// A conforming type is a struct whose stored properties are its parameters, with defaults; they
/// are read from the command line and written into results through `Codable`. It proposes images;
/// whether they fool the model and obey the threat model is decided by the evaluation, which
/// projects, classifies and counts for itself.
///
/// To add one: `Plugins/<Name>/<Name>Attack.swift`, its name in `Package.swift`, its two lines in
/// `Sources/Attacks/Attacks.swift`.
public protocol Attack: Sendable, Codable {
  /// Name, text, paper, norms.
  static var information: AttackInformation { get }

  /// The default parameters.
  init()

  /// Checks the parameters' ranges.
  /// - Throws: ``AttackError`` naming the parameter.
  func validate() throws(AttackError)

  /// Proposes one image for every example and radius of the task.
  ///
  /// - Returns: for each radius of `task.threats`, images shaped like `task.batch.images`.
  /// - Throws: what the model throws; a task with a norm outside `information.norms` is not given.
  func perturb(_ task: AttackTask, against model: any DifferentiableModel) throws -> [Tensor]
}

/// An attack that must not see gradients: it is given a model that has none.
public protocol BlackBoxAttack: Attack {
  /// As in ``Attack``, with outputs only.
  func perturb(_ task: AttackTask, against model: any Model) throws -> [Tensor]
}

extension BlackBoxAttack {
  public func perturb(
    _ task: AttackTask, against model: any DifferentiableModel
  ) throws -> [Tensor] {
    try perturb(task, against: model as any Model)
  }
}

/// What is told about an attack.
public struct AttackInformation: Sendable {
  /// The name on the command line: lower case, digits, hyphens.
  public var name: String
  /// One sentence.
  public var summary: String
  /// Authors, title, year.
  public var reference: String
  /// The norms it is defined for, the default first.
  public var norms: [Norm]
  /// A word on each parameter, by property name.
  public var parameters: [String: String]

  public init(
    name: String, summary: String, reference: String, norms: [Norm], parameters: [String: String]
  ) {
    self.name = name
    self.summary = summary
    self.reference = reference
    self.norms = norms
    self.parameters = parameters
  }
}

/// What an attack is asked: examples, goals and sizes.
public struct AttackTask: Sendable {
  /// Which of the points it visited an iterated attack proposes.
  public enum Choice: String, Sendable, Codable, CaseIterable {
    /// The one that comes nearest to the criterion, the first that meets it; an example is left
    /// alone from then on.
    case best
    /// The one after the last step, as the papers have it.
    case last
  }

  /// The clean examples.
  public var batch: Batch
  /// One for each example.
  public var criteria: [Criterion]
  /// For each radius, in ascending order, one for each example; all of one norm.
  public var threats: [[ThreatModel]]
  public var choice: Choice
  /// The run's seed; numbers are keyed by it and the example's index.
  public var seed: UInt64

  public init(
    batch: Batch, criteria: [Criterion], threats: [[ThreatModel]], choice: Choice = .best,
    seed: UInt64 = 0
  ) {
    precondition(criteria.count == batch.count, "a criterion for every example")
    precondition(threats.allSatisfy { $0.count == batch.count }, "a threat for every example")
    precondition(
      zip(threats, threats.dropFirst()).allSatisfy { smaller, larger in
        zip(smaller, larger).allSatisfy { $0.radius <= $1.radius && $0.norm == $1.norm }
      }, "radii of one norm in ascending order")
    self.batch = batch
    self.criteria = criteria
    self.threats = threats
    self.choice = choice
    self.seed = seed
  }
}
