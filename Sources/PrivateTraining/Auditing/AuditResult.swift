internal import Foundation
public import Privacy

/// An audit beside the claim it is about.
public struct AuditResult: Sendable, Equatable, Codable {
  /// How canaries were put in.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Gradients along one coordinate, seen in every step: ``GradientCanaries``.
    case gradient
    /// Images with a wrong label, seen in the final network: ``ImageCanaries``.
    case image
  }

  /// What the bound says of the claim.
  public enum Verdict: String, Sendable, Codable {
    /// The bound is not above the claimed epsilon. That proves nothing in the claim's favour.
    case consistent
    /// The bound is above the claimed epsilon: claim or program is wrong, or something happened
    /// whose probability is at most 1 - confidence.
    case violation
    /// Nothing finite is claimed.
    case noClaim = "no claim"
  }

  public var schemaVersion = 1
  public var kind: Kind
  /// The training method with its parameters, as text.
  public var method: String
  public var steps: Int
  /// Examples besides gradient canaries.
  public var examples: Int
  /// What is claimed at `delta`; nil where there is no privacy.
  public var claimedEpsilon: Double?
  public var delta: Double
  public var confidence: Double
  /// Lower bound on epsilon at `delta`, at this confidence.
  public var epsilonLowerBound: Double
  /// The guesses that it follows from.
  public var guesses: CanaryGuesses
  /// The shares of the canaries that were guessed about.
  public var rule: CanaryAudit.Rule
  /// How probable such guesses are at most if the claim holds.
  public var pValue: Double?
  public var verdict: Verdict

  /// - Parameters:
  ///   - claimedEpsilon: infinite where there is no privacy.
  /// - Throws: ``PrivacyError`` where the claimed epsilon is negative.
  public init(
    _ audit: CanaryAudit, kind: Kind, method: String, steps: Int, examples: Int,
    claimedEpsilon: Double
  ) throws(PrivacyError) {
    self.kind = kind
    self.method = method
    self.steps = steps
    self.examples = examples
    delta = audit.delta
    confidence = audit.confidence
    epsilonLowerBound = audit.epsilonLowerBound
    guesses = audit.guesses
    rule = audit.rule
    if claimedEpsilon.isFinite {
      self.claimedEpsilon = claimedEpsilon
      pValue = try audit.pValue(epsilon: claimedEpsilon)
      verdict = audit.epsilonLowerBound > claimedEpsilon ? .violation : .consistent
    } else {
      verdict = .noClaim
    }
  }

  /// As JSON text, fields in alphabetical order.
  /// - Throws: `EncodingError` for a number that is not finite.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
