public import NeuralNetworks

/// A theorem that turns evidence into a radius within which the noisy classifier's prediction
/// cannot change.
///
/// A conforming type is a struct whose stored properties are its parameters, with defaults. To add
/// one: a file in `Sources/Certification/Certifiers/`, its line in `Certifiers.swift`.
public protocol Certifier: Sendable, Codable {
  /// Name, text, paper, what noise it is for.
  static var information: CertifierInformation { get }

  /// The default parameters.
  init()

  /// Checks the parameters' ranges.
  /// - Throws: ``CertifierError`` naming the parameter.
  func validate() throws(CertifierError)

  /// The largest radius, in `evidence.norm` and the units of the data, at which the theorem
  /// guarantees the top class; rounded down. Nil where nothing can be said (abstain).
  ///
  /// With several releases on one path, a guarantee that holds for one of them alone holds for the
  /// whole (the other noise is part of the function behind it or in front of it), so the largest
  /// radius counts.
  /// - Throws: ``CertifierError`` where the theorem is not about this noise or norm.
  func radius(_ evidence: Evidence) throws(CertifierError) -> Double?
}

extension Certifier {
  public func validate() throws(CertifierError) {}
}

/// What is told about a certifier.
public struct CertifierInformation: Sendable {
  /// The name on the command line: lower case, digits, hyphens; `as-published:` in front where the
  /// formula does not hold.
  public var name: String
  /// One sentence.
  public var summary: String
  /// Authors, title, year, equation.
  public var reference: String
  /// The noise it is a theorem about.
  public var families: [NoiseFamily]
  /// False for a formula that was printed but does not hold.
  public var isSound: Bool
  /// A word on each parameter, by property name.
  public var parameters: [String: String]

  public init(
    name: String, summary: String, reference: String, families: [NoiseFamily],
    isSound: Bool = true, parameters: [String: String] = [:]
  ) {
    self.name = name
    self.summary = summary
    self.reference = reference
    self.families = families
    self.isSound = isSound
    self.parameters = parameters
  }
}

/// Why a certifier has nothing to say; a sentence without the certifier's name.
public enum CertifierError: Error, Equatable, CustomStringConvertible {
  /// A parameter outside of its range.
  case parameter(name: String, problem: String)
  /// Noise, a place of noise or a norm that the theorem is not about.
  case notCovered(problem: String)

  public var description: String {
    switch self {
    case .parameter(let name, let problem): "parameter '\(name)' \(problem)"
    case .notCovered(let problem): problem
    }
  }
}

/// What is said about one example.
public enum Certificate: Sendable, Codable, Equatable {
  /// The prediction does not change within `radius`, up to the failure probability of the draws.
  case certified(label: Int, radius: Double)
  /// Nothing; the label is what the draws favoured, where they favoured one.
  case abstained(label: Int?)
}
