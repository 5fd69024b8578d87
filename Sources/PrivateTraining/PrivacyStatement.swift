internal import Foundation
public import Privacy
public import Robustness

/// What may be said of the privacy of a trained network's data, to be kept beside the network.
public struct PrivacyStatement: Sendable, Equatable, Codable {
  /// A guarantee: (epsilon, delta)-differential privacy.
  public struct Claim: Sendable, Equatable, Codable {
    /// Nil where there is none.
    public var epsilon: Double?
    public var delta: Double

    public init(epsilon: Double?, delta: Double) {
      self.epsilon = epsilon
      self.delta = delta
    }
  }

  /// What one accountant makes of the steps that were taken; every one is an upper bound.
  public struct Audit: Sendable, Equatable, Codable {
    public var accountant: String
    /// At the claim's delta; nil where there is no privacy: infinite.
    public var epsilon: Double?
  }

  public var schemaVersion = 2
  /// The SHA-256 digest of the file of weights that this is about.
  public var weights: String
  /// The system's name.
  public var method: String
  /// The system's form; nil where no privacy is claimed.
  public var mode: SystemForm?
  /// The system's own parameters.
  public var settings: [String: Parameter]
  /// What was asked for where it holds for the steps taken, else the smallest audited epsilon; of a
  /// published form, what its paper claims, which holds only if an audit is no larger.
  public var claim: Claim
  public var audits: [Audit]
  /// Why there is no privacy, or less than claimed; none where the claim holds.
  public var violations: [String]
  /// Descent with clipped gradients and Gaussian noise, all that its guarantee depends on; nil
  /// where it is no part of the method.
  public var parameters: DPSGD?
  /// What was done with the data, for other accountants.
  public var event: PrivacyEvent
  /// Steps, each counted once, those before an interruption included.
  public var steps: Int
  /// Examples that were learnt from.
  public var examples: Int
  /// Which data sets the guarantee makes alike.
  public var neighbours: NeighbouringRelation
  /// What has to hold.
  public var assumptions: [String]
  /// What the guarantee says nothing about.
  public var notCovered: [String]

  /// - Parameters:
  ///   - weights: digest of the file of weights.
  ///   - target: what was asked for; its epsilon is nil where nothing was.
  /// - Throws: ``PrivacyError`` where delta is not in (0, 1).
  public init(
    weights: String, system: any TrainingSystem, account: PrivacyAccount, steps: Int,
    examples: Int, target: Claim
  ) throws(PrivacyError) {
    self.weights = weights
    method = type(of: system).information.name
    settings = Dictionary(
      uniqueKeysWithValues: TrainingSystems.parameters(of: system).map { ($0.name, $0.value) })
    violations = account.violations
    mode = account.claimsPrivacy ? system.form : nil
    parameters = account.descent
    event = account.event(steps)
    neighbours = account.neighbours
    self.steps = steps
    self.examples = examples
    audits = try Self.audits(event, account, delta: target.delta)
    let audited = audits.compactMap(\.epsilon).min()
    if let published = account.published {
      claim = published
    } else if let epsilon = target.epsilon, let audited, epsilon >= audited {
      claim = target
    } else {
      claim = Claim(epsilon: audited, delta: target.delta)
    }
    assumptions =
      account.assumptions + [
        "normalisation constants, architecture, the number of classes, initial weights and "
          + "augmentation do not depend on the data",
        "arithmetic is taken as exact: rounding of sums and of noise, and the finite range of the "
          + "noise, are not part of the proof",
      ]
    if target.delta >= 1 / Double(examples), account.claimsPrivacy {
      assumptions.append(
        "a delta of \(target.delta), not below 1 / \(examples), is acceptable: publishing a whole "
          + "example at random would satisfy it")
    }
    notCovered = [
      "the choice of hyper-parameters, of the architecture and of this run among others on the same "
        + "data",
      "people who contributed several examples: the guarantee is for one example",
      "test data, and training data used in any other way, such as to adapt or fine-tune the network",
    ]
  }

  private static func audits(
    _ event: PrivacyEvent, _ account: PrivacyAccount, delta: Double
  ) throws(PrivacyError) -> [Audit] {
    guard account.violations.isEmpty else {
      return [Audit(accountant: "what the method does", epsilon: nil)]
    }
    var found = [
      (
        "privacy loss distribution",
        try PLDAccountant(relation: account.neighbours).epsilon(of: event, delta: delta)
      )
    ]
    // The moments of sampled and of Gaussian noise are those for one example added or removed.
    if account.neighbours == .addOrRemoveOne || event.pureEpsilon != nil {
      found.append(
        ("Renyi divergence", try RDPAccountant().epsilon(of: event, delta: delta).epsilon))
    }
    if let epsilon = event.pureEpsilon { found.append(("sum, with delta 0", epsilon)) }
    return found.map { Audit(accountant: $0, epsilon: $1.isFinite ? $1 : nil) }
  }

  /// One line.
  public var summary: String {
    func text(_ epsilon: Double?) -> String { epsilon.map { "\($0)" } ?? "infinite" }
    let audited = audits.compactMap(\.epsilon).min()
    if claim.epsilon == nil && audited == nil { return "privacy    none" }
    var line = "privacy    epsilon \(text(claim.epsilon)) at delta \(claim.delta)"
    if !violations.isEmpty && claim.epsilon != nil {
      line += " claimed; audited: \(text(audited)): UNSOUND"
    }
    return line
  }

  /// As JSON text, fields in alphabetical order.
  /// - Throws: `EncodingError` for a number that is not finite.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
