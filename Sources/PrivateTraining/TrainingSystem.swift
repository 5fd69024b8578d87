/// A way of training that has a name: the data a step reads, what is done to them and to their
/// gradients, the noise, and what may be said of the privacy of the result.
///
/// A conforming type is a struct whose stored properties are its parameters, with defaults. To add
/// one: a file in `Sources/PrivateTraining/Systems/`, its line in `TrainingSystems.swift`.
public protocol TrainingSystem: Sendable, Codable {
  /// Name, text, paper, parameters.
  static var information: TrainingSystemInformation { get }

  /// The default parameters.
  init()

  /// Whether it runs as printed although that does not hold; by default sound.
  var form: SystemForm { get }

  /// Checks the parameters' ranges.
  /// - Throws: ``PrivateTrainingError/parameter(name:problem:)``.
  func validate() throws(PrivateTrainingError)

  /// What a run is to do.
  /// - Throws: ``PrivateTrainingError``, `PrivacyError`, `CertificationError`, `NetworkError` where
  ///   the setting does not suit the system.
  func plan(_ setting: TrainingSetting) throws -> TrainingPlan
}

extension TrainingSystem {
  public var form: SystemForm { .sound }
  public func validate() throws(PrivateTrainingError) {}
}

/// What is told about a way of training.
public struct TrainingSystemInformation: Sendable {
  /// What the system reads of the options that several systems share.
  public enum Option: Sendable {
    /// A list of attacks with their size; needed where it is read.
    case attacks
    /// Noise multiplier or target epsilon, clipping, randomness: those of descent with clipped
    /// gradients and Gaussian noise.
    case gaussianDescent
    /// A target epsilon and delta only.
    case budget
    /// Noise layers in the model that it does not put there itself.
    case layers
  }

  /// The name on the command line: lower case, digits, hyphens.
  public var name: String
  /// One sentence.
  public var summary: String
  /// Authors, title, year, algorithm.
  public var reference: String
  public var options: Set<Option>
  /// A word on each parameter, by property name.
  public var parameters: [String: String]

  public init(
    name: String, summary: String, reference: String, options: Set<Option> = [],
    parameters: [String: String] = [:]
  ) {
    self.name = name
    self.summary = summary
    self.reference = reference
    self.options = options
    self.parameters = parameters
  }
}

/// Which form of a system that was published with a flaw.
public enum SystemForm: String, Sendable, Codable, CaseIterable {
  /// What is claimed holds.
  case sound
  /// As printed; the statement says what does not hold.
  case published
}
