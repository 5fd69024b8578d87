/// The value of a parameter of an attack or a certifier, of any kind that one can have.
public enum Parameter: Codable, Sendable, Equatable, CustomStringConvertible {
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  /// An optional parameter that is not set.
  case none

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .none
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .none: try container.encodeNil()
    }
  }

  public var description: String {
    switch self {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .text(let value): value
    case .none: "none"
    }
  }

  /// What a text can mean, the narrowest first; numbers are finite and may be fractions (`8/255`).
  static func readings(of text: String) -> [Parameter] {
    var readings: [Parameter] = []
    if let value = Bool(text) { readings.append(.boolean(value)) }
    if let value = Int(text) { readings.append(.integer(value)) }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    if let top = parts[0], parts.count <= 2, let bottom = parts.count == 2 ? parts[1] : 1,
      (top / bottom).isFinite
    {
      readings.append(.number(top / bottom))
    }
    return readings + [.text(text)]
  }
}
