internal import Foundation

/// The history of a training run as Opacus keeps it: `state_dict()` of an accountant, or its
/// `history` alone, a list of (noise multiplier, sample rate, steps).
public struct AccountantHistory: Sendable, Codable, Equatable {
  /// A stretch of equal steps.
  public struct Stretch: Sendable, Codable, Equatable {
    public var noiseMultiplier: Double
    public var sampleRate: Double
    public var steps: Int

    public init(noiseMultiplier: Double, sampleRate: Double, steps: Int) {
      self.noiseMultiplier = noiseMultiplier
      self.sampleRate = sampleRate
      self.steps = steps
    }

    public init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      noiseMultiplier = try container.decode(Double.self)
      sampleRate = try container.decode(Double.self)
      steps = try container.decode(Int.self)
      guard container.isAtEnd else {
        throw DecodingError.dataCorruptedError(
          in: container,
          debugDescription: "more than a noise multiplier, a sample rate and a number of steps")
      }
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.unkeyedContainer()
      try container.encode(noiseMultiplier)
      try container.encode(sampleRate)
      try container.encode(steps)
    }
  }

  public var history: [Stretch]
  /// The accountant's name in Opacus, such as `rdp`.
  public var mechanism: String

  public init(history: [Stretch], mechanism: String = "rdp") {
    self.history = history
    self.mechanism = mechanism
  }

  private enum CodingKeys: CodingKey { case history, mechanism }

  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: CodingKeys.self) {
      history = try container.decode([Stretch].self, forKey: .history)
      mechanism = try container.decodeIfPresent(String.self, forKey: .mechanism) ?? "rdp"
    } else {
      history = try decoder.singleValueContainer().decode([Stretch].self)
      mechanism = "rdp"
    }
  }

  /// What happened, for an accountant.
  public var event: PrivacyEvent {
    .composed(
      history.map {
        .selfComposed(
          .poissonSampledGaussian(rate: $0.sampleRate, noiseMultiplier: $0.noiseMultiplier),
          count: $0.steps)
      })
  }
}
