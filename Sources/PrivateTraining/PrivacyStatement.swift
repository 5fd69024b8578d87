internal import Foundation

/// What may be said of the privacy of a trained network's data, to be kept beside the network.
public struct PrivacyStatement: Sendable, Equatable, Codable {
  public var schemaVersion = 1
  /// The SHA-256 digest of the file of weights that this is about.
  public var weights: String
  public var method = "dp-sgd"
  /// The parameters of the method, all that the guarantee depends on.
  public var parameters: DPSGD
  /// Noisy steps, each counted once, those before an interruption included.
  public var steps: Int
  /// Examples that were sampled from.
  public var examples: Int
  /// Which data sets the guarantee makes alike.
  public var neighbours = "data sets that differ by one example added or removed"
  /// What has to hold.
  public var assumptions: [String]
  /// What the guarantee says nothing about.
  public var notCovered: [String]

  /// - Parameter weights: digest of the file of weights.
  public init(weights: String, method: DPSGD, steps: Int, examples: Int) {
    self.weights = weights
    parameters = method
    self.steps = steps
    self.examples = examples
    var assumptions = [
      "each example took part in each step independently with the sampling rate (Poisson sampling)",
      "which examples took part, and the noise, stay unknown",
      "the number of examples, and so the sampling rate, is public",
      "normalisation constants, architecture, initial weights and augmentation do not depend on the "
        + "data",
      "the weights of all steps may be seen, but no loss, accuracy or batch size on training data",
      "arithmetic is taken as exact: rounding of sums and of noise is not part of the proof",
    ]
    switch method.randomness {
    case .secure:
      assumptions.append(
        "AES-256 in counter mode with a key of the operating system yields random bits")
    case .seeded:
      assumptions.append(
        "nobody knows the seed that sampling and noise were computed from: whoever does can undo them"
      )
    }
    if method.noiseMultiplier == 0 {
      assumptions.append("there was no noise: there is no privacy")
    }
    self.assumptions = assumptions
    notCovered = [
      "the choice of hyper-parameters, of the architecture and of this run among others on the same "
        + "data",
      "people who contributed several examples: the guarantee is for one example",
      "test data, and training data used in any other way, such as to adapt or fine-tune the network",
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
