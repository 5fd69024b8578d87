public import Robustness

/// One run as it is written to a file: what was found and everything needed to find it again.
///
/// The names of the fields are those of the JSON document; sizes and distances are in the units of
/// the data, whose range stands in `data.range`.
public struct EvaluationResult: Sendable, Codable, Equatable {
  /// What made the document.
  public struct Tool: Sendable, Codable, Equatable {
    public var name: String
    public var version: String

    public init(name: String = "gauntlet", version: String) {
      self.name = name
      self.version = version
    }
  }

  /// The classifier, and how its input was prepared where that was told.
  public struct ModelDescription: Sendable, Codable, Equatable {
    public var path: String
    public var sha256: String
    public var format: String
    public var mean: [Double]?
    public var std: [Double]?
    public var layout: String?
    /// What was noticed on reading it, such as a softmax that was cut.
    public var notes: [String]?

    public init(
      path: String, sha256: String, format: String, mean: [Double]? = nil, std: [Double]? = nil,
      layout: String? = nil, notes: [String]? = nil
    ) {
      self.path = path
      self.sha256 = sha256
      self.format = format
      self.mean = mean
      self.std = std
      self.layout = layout
      self.notes = notes
    }
  }

  /// The examples.
  public struct DataDescription: Sendable, Codable, Equatable {
    public var path: String
    public var sha256: String
    public var split: String
    /// The index of the first example, and how many there are.
    public var first: Int
    public var count: Int
    /// The smallest and largest value of a pixel.
    public var range: [Double]

    public init(
      path: String, sha256: String, split: String, first: Int, count: Int, range: [Double]
    ) {
      self.path = path
      self.sha256 = sha256
      self.split = split
      self.first = first
      self.count = count
      self.range = range
    }
  }

  /// Without any attack.
  public struct Clean: Sendable, Codable, Equatable {
    public var examples: Int
    public var correct: Int
    public var accuracy: Double
    public var interval: ClosedRange<Double>
    public var undecided: Int
    /// Certified accuracy of the clean images by certifier and size, where certificates were asked.
    public var certified: [Certified]?
  }

  /// One attack at one size; the fields of `EvaluationSummary.AttackSummary`.
  public struct AttackResult: Sendable, Codable, Equatable {
    public var name: String
    /// The attack's own name, where `name` had to differ.
    public var attack: String
    public var parameters: [String: ParameterValue]
    public var norm: Norm
    public var epsilon: Double
    /// As it was written, such as `8/255`.
    public var epsilonText: String
    /// The class the attack is told to leave: the true or the predicted one.
    public var label: LabelSource
    public var target: String
    public var iterate: AttackTask.Choice
    public var examples: Int
    public var attacked: Int
    public var correct: Int
    public var accuracy: Double
    public var interval: ClosedRange<Double>
    public var successes: Int
    public var successesAt8Bit: Int?
    /// By norm, over the successes.
    public var distances: [String: EvaluationSummary.Spread]
    /// The sizes that were asked in one call; the counts and the seconds are those of the call.
    public var sizesInCall: Int
    public var forwards: Int
    public var gradients: Int
    public var seconds: Double
    public var zeroGradients: Int
    public var nanGradients: Int
    public var infiniteGradients: Int
    public var zeroGradientExamples: Int
    public var proposalsNotFinite: Int
    public var proposalsOutside: Int
    public var undecided: Int
    /// What the first sound certifier asked says of the recorded images at this size.
    @Nullable public var certified: Certified?
    /// What all certifiers say, where any was asked.
    public var certificates: [Certified]?
    /// How the attack saw a classifier with noise: `expectation:8`, `surrogate`.
    public var randomness: String?
  }

  /// What a certifier says of some images at one size.
  public struct Certified: Sendable, Codable, Equatable {
    public var name: String
    public var norm: Norm
    public var size: Double
    /// Examples whose true label is proved to stay within the size; the share of all examples, and
    /// its interval.
    public var count: Int
    public var accuracy: Double
    public var interval: ClosedRange<Double>
    /// The share of examples for which any class is proved to stay (robust utility), and the share
    /// of those whose class is the true label (robust precision; nil where there are none).
    public var utility: Double
    public var precision: Double?
    /// False for a formula that was printed but does not hold.
    public var sound: Bool
  }

  /// How a classifier with noise was asked.
  public struct SmoothingDescription: Sendable, Codable, Equatable {
    public var draws: Int
    public var selectionDraws: Int
    public var alpha: Double
    /// `fixed` or `sequential`, then what is bounded: `votes`, `hoeffding` or `bernstein`.
    public var estimator: String
    /// `expectation:8` or `surrogate`.
    public var gradient: String
    /// Draws that were made for verdicts.
    public var drawsMade: Int
    /// By norm: where noise enters, its scale, how far the values there can move and by which
    /// bound.
    public var releases: [String: [NoiseRelease]]
    /// What must be known of the noise before the certificates are believed.
    public var caveats: [String]
  }

  /// All attacks of one norm and size together, decided for each example.
  public struct WorstCase: Sendable, Codable, Equatable {
    public var norm: Norm
    public var epsilon: Double
    public var epsilonText: String
    public var correct: Int
    public var accuracy: Double
    public var interval: ClosedRange<Double>
  }

  /// Raised when a field changes its meaning or goes away.
  public var schemaVersion: Int
  public var tool: Tool
  public var model: ModelDescription
  public var data: DataDescription
  public var seed: UInt64
  /// Nil for a classifier without noise.
  public var smoothing: SmoothingDescription?
  /// What training claimed of its data's privacy; nil where there is no statement about the model.
  public var privacy: PrivacyRecord?
  public var clean: Clean
  public var attacks: [AttackResult]
  public var worstCase: [WorstCase]
  /// What a reader should know before trusting the numbers; see ``EvaluationResult/findings()``.
  public var warnings: [String]
}

/// An optional value that is written as `null` when it is absent, not left out.
@propertyWrapper
public struct Nullable<Value: Sendable & Codable & Equatable>: Sendable, Codable, Equatable {
  public var wrappedValue: Value?

  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue {
      try container.encode(wrappedValue)
    } else {
      try container.encodeNil()
    }
  }
}
