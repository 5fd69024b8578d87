internal import Foundation
public import Privacy

/// What may be said of the privacy of a trained network's data, to be kept beside the network.
public struct PrivacyStatement: Sendable, Equatable, Codable {
  /// The guarantee: (epsilon, delta)-differential privacy.
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
    /// At the claim's delta; nil where there is no privacy.
    public var epsilon: Double?
  }

  public var schemaVersion = 1
  /// The SHA-256 digest of the file of weights that this is about.
  public var weights: String
  public var method = "dp-sgd"
  /// What was asked for where it holds for the steps taken, else the smallest audited epsilon.
  public var claim: Claim
  public var audits: [Audit]
  /// The parameters of the method, all that the guarantee depends on.
  public var parameters: DPSGD
  /// Noisy steps, each counted once, those before an interruption included.
  public var steps: Int
  /// Examples that were sampled from.
  public var examples: Int
  /// Which data sets the guarantee makes alike.
  public var neighbours = NeighbouringRelation.addOrRemoveOne
  /// What has to hold.
  public var assumptions: [String]
  /// What the guarantee says nothing about.
  public var notCovered: [String]

  /// - Parameters:
  ///   - weights: digest of the file of weights.
  ///   - target: what was asked for; its epsilon is nil where nothing was.
  /// - Throws: ``PrivacyError`` where delta is not in (0, 1).
  public init(
    weights: String, method: DPSGD, steps: Int, examples: Int, target: Claim
  ) throws(PrivacyError) {
    self.weights = weights
    parameters = method
    self.steps = steps
    self.examples = examples
    let event = method.event(steps: steps)
    let byDistribution = try PLDAccountant().epsilon(of: event, delta: target.delta)
    let byMoments = try RDPAccountant().epsilon(of: event, delta: target.delta).epsilon
    audits = [("privacy loss distribution", byDistribution), ("Renyi divergence", byMoments)].map {
      Audit(accountant: $0, epsilon: $1.isFinite ? $1 : nil)
    }
    let audited = min(byDistribution, byMoments)
    claim = target
    if let epsilon = target.epsilon, epsilon >= audited {
      claim.epsilon = epsilon
    } else {
      claim.epsilon = audited.isFinite ? audited : nil
    }
    assumptions = Self.assumptions(method)
    if target.delta >= 1 / Double(examples) {
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

  private static func assumptions(_ method: DPSGD) -> [String] {
    [
      "each example took part in each step independently with the sampling rate (Poisson sampling)",
      "which examples took part, and the noise, stay unknown",
      "the number of examples, and so the sampling rate, is public",
      "normalisation constants, architecture, initial weights and augmentation do not depend on the "
        + "data",
      "the weights of all steps may be seen, but no loss, accuracy or batch size on training data",
      "arithmetic is taken as exact: rounding of sums and of noise is not part of the proof",
      method.randomness == .secure
        ? "AES-256 in counter mode with a key of the operating system yields random bits"
        : "nobody knows the seed that sampling and noise were computed from: whoever does can undo "
          + "them",
    ]
  }

  /// As JSON text, fields in alphabetical order.
  /// - Throws: `EncodingError` for a number that is not finite.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
