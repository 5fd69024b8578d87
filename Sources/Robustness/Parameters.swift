internal import Foundation

/// Between text and stored properties, by way of their `Codable` form: no attack and no certifier
/// writes any of this for itself.
public enum Parameters {
  /// The name and the parameters in `NAME` or `NAME:key=value,key=value`.
  ///
  /// - Parameter name: The name, where it is known already (it may have a colon in it).
  /// - Throws: ``ParameterError``.
  public static func parse(
    _ text: String, name: String? = nil
  ) throws(ParameterError) -> (name: String, parameters: [String: String]) {
    let before = name.map { text.prefix($0.count) } ?? text.prefix { $0 != ":" }
    let rest = text.dropFirst(before.count)
    let pairs =
      rest.isEmpty ? [] : rest.dropFirst().split(separator: ",", omittingEmptySubsequences: false)
    var parameters: [String: String] = [:]
    for pair in pairs {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
        throw .syntax(problem: "'\(pair)' is no key=value")
      }
      guard parameters.updateValue(sides[1], forKey: sides[0]) == nil else {
        throw .syntax(problem: "'\(sides[0])' is given twice")
      }
    }
    return (before.trimmingCharacters(in: .whitespaces), parameters)
  }

  /// `value` with some of its parameters changed; which kind a parameter is of is found by trying.
  ///
  /// Numbers may be fractions (`8/255`).
  /// - Throws: ``ParameterError`` for a key that is not known, and a value of the wrong kind.
  public static func setting<Value: Codable>(
    _ parameters: [String: String], known: [String], in value: Value
  ) throws(ParameterError) -> Value {
    var value = value
    for (key, text) in parameters.sorted(by: { $0.key < $1.key }) {
      guard known.contains(key) else { throw .unknown(name: key, known: known) }
      value = try setting(key, to: text, in: value)
    }
    return value
  }

  /// The parameters of `value` that are known, in their order.
  public static func values(
    of value: some Encodable, known: [String]
  ) -> [(name: String, value: Parameter)] {
    let values = values(of: value)
    return known.map { ($0, values[$0] ?? .none) }
  }

  private static func setting<Value: Codable>(
    _ key: String, to text: String, in value: Value
  ) throws(ParameterError) -> Value {
    var values = values(of: value)
    var expected = "another kind of value"
    for reading in Parameter.readings(of: text) {
      values[key] = reading
      do {
        return try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(values))
      } catch DecodingError.typeMismatch(let wanted, _) {
        expected = name(of: wanted)
      } catch DecodingError.dataCorrupted(let context) {
        expected = "another value (\(context.debugDescription))"
      } catch {
        expected = "another value (\(error))"
      }
    }
    // What the last reading, as text, was told.
    throw .value(name: key, problem: "is to be \(expected), not '\(text)'")
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is any BinaryInteger.Type: "an integer"
    case is any BinaryFloatingPoint.Type: "a number"
    case is Bool.Type: "true or false"
    default: "of type \(type)"
    }
  }

  private static func values(of value: some Encodable) -> [String: Parameter] {
    guard let data = try? JSONEncoder().encode(value),
      let values = try? JSONDecoder().decode([String: Parameter].self, from: data)
    else { preconditionFailure("the parameters of \(value) are numbers, words and truth values") }
    return values
  }
}

/// What is wrong with parameters given as text; a sentence without the name of what has them.
public enum ParameterError: Error, Equatable, CustomStringConvertible {
  /// Text that is not `NAME:key=value,key=value`.
  case syntax(problem: String)
  /// A parameter that does not exist.
  case unknown(name: String, known: [String])
  /// A parameter's value.
  case value(name: String, problem: String)

  public var description: String {
    switch self {
    case .syntax(let problem): problem
    case .unknown(let name, let known):
      "there is no parameter '\(name)'; "
        + (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))")
    case .value(let name, let problem): "parameter '\(name)' \(problem)"
    }
  }
}
