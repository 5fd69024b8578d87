/// What is claimed of the privacy of a model's training data: the statement that training left
/// beside the model, carried word for word into results.
///
/// It is written and read as the statement itself; the properties are what results are labelled
/// with.
public struct PrivacyRecord: Sendable, Equatable, Codable {
  /// What one accountant makes of the training; nil for an infinite epsilon.
  public struct Audit: Sendable, Equatable {
    public var accountant: String
    public var epsilon: Double?
  }

  /// The whole statement.
  public let statement: ParameterValue
  /// The SHA-256 digest of the file of weights that it is about.
  public let weights: String
  /// The name of the training method.
  public let method: String
  /// The claimed epsilon; nil where none is claimed.
  public let epsilon: Double?
  public let delta: Double
  public let audits: [Audit]
  /// True where a method ran as it was printed and its claim is not taken for proved.
  public let isPublished: Bool
  /// Why the claim does not hold; none where it does.
  public let violations: [String]

  /// - Throws: `DecodingError` whose description says which field is missing or is not what it has
  ///   to be.
  public init(from decoder: any Decoder) throws {
    try self.init(ParameterValue(from: decoder))
  }

  /// - Throws: as `init(from:)`.
  public init(_ statement: ParameterValue) throws {
    self.statement = statement
    func fault(_ text: String) -> DecodingError {
      .dataCorrupted(.init(codingPath: [], debugDescription: text))
    }
    guard case .object(let fields) = statement else { throw fault("is not a JSON object") }
    func text(_ name: String) throws -> String {
      guard case .string(let value)? = fields[name] else {
        throw fault("field '\(name)' is to be a text")
      }
      return value
    }
    /// At least 0; nil where it is left out or null.
    func number(
      _ fields: [String: ParameterValue], _ name: String, in place: String
    ) throws -> Double? {
      let value: Double
      switch fields[name] {
      case nil, .null?: return nil
      case .integer(let whole)?: value = Double(whole)
      case .number(let number)?: value = number
      default: throw fault("field '\(place).\(name)' is to be a number")
      }
      guard value >= 0 else { throw fault("field '\(place).\(name)' is to be at least 0") }
      return value
    }
    weights = try text("weights")
    method = try text("method")
    guard case .object(let claim)? = fields["claim"],
      let delta = try number(claim, "delta", in: "claim")
    else { throw fault("field 'claim' is to be an object with a delta") }
    epsilon = try number(claim, "epsilon", in: "claim")
    self.delta = delta
    var audits: [Audit] = []
    if let list = fields["audits"] {
      guard case .array(let values) = list else { throw fault("field 'audits' is to be a list") }
      for (index, value) in values.enumerated() {
        guard case .object(let audit) = value, case .string(let accountant)? = audit["accountant"]
        else { throw fault("field 'audits[\(index)]' is to be an object with an accountant") }
        audits.append(
          Audit(
            accountant: accountant,
            epsilon: try number(audit, "epsilon", in: "audits[\(index)]")))
      }
    }
    self.audits = audits
    var violations: [String] = []
    switch fields["violations"] {
    case nil: break
    case .array(let values)?:
      violations = try values.map {
        guard case .string(let text) = $0 else {
          throw fault("field 'violations' is to hold texts")
        }
        return text
      }
    default: throw fault("field 'violations' is to be a list")
    }
    self.violations = violations
    isPublished = fields["mode"] == .string("published")
  }

  public func encode(to encoder: any Encoder) throws { try statement.encode(to: encoder) }

  /// The smallest of the audited epsilons, which all are upper bounds; nil where all are infinite
  /// or there is none.
  public var auditedEpsilon: Double? { audits.compactMap(\.epsilon).min() }

  /// The same statement about another file with the same weights.
  ///
  /// - Parameters:
  ///   - digest: of that file.
  ///   - source: the file that the statement was made about.
  public func about(_ digest: String, exportedFrom source: String) throws -> PrivacyRecord {
    guard case .object(var fields) = statement else { return self }
    fields["weights"] = .string(digest)
    fields["exportedFrom"] = .object(["file": .string(source), "weights": .string(weights)])
    return try PrivacyRecord(.object(fields))
  }
}
