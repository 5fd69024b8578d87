internal import Foundation
public import Robustness

// Between text and an attack's stored properties, by way of their `Codable` form: no attack writes
// any of this for itself.
extension Attacks {
  /// The attack that `NAME` or `NAME:key=value,key=value` asks for, its parameters checked.
  /// - Throws: ``AttackError``, as `make`, and for text of another form.
  public static func parse(_ text: String) throws(AttackError) -> any Attack {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let pairs =
      parts.count == 2 ? parts[1].split(separator: ",", omittingEmptySubsequences: false) : []
    var parameters: [String: String] = [:]
    for pair in pairs {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
        throw .syntax(text: text, problem: "'\(pair)' is no key=value")
      }
      guard parameters.updateValue(sides[1], forKey: sides[0]) == nil else {
        throw .syntax(text: text, problem: "'\(sides[0])' is given twice")
      }
    }
    return try make(
      name: parts[0].trimmingCharacters(in: .whitespaces), parameters: parameters)
  }

  /// An attack by name, with some of its parameters; the others keep their defaults.
  ///
  /// Numbers may be fractions (`8/255`).
  /// - Throws: ``AttackError`` for a name or key that does not exist, and a value of the wrong kind
  ///   or out of range.
  public static func make(
    name: String, parameters: [String: String] = [:]
  ) throws(AttackError) -> any Attack {
    guard let type = all.first(where: { $0.information.name == name }) else {
      throw .unknownAttack(name: name, known: names)
    }
    let attack = try make(type, parameters)
    try attack.validate()
    return attack
  }

  /// An attack's parameters in alphabetical order.
  public static func parameters(of attack: any Attack) -> [(name: String, value: AttackParameter)] {
    let values = values(of: attack)
    return known(type(of: attack)).map { ($0, values[$0] ?? .none) }
  }

  private static func known(_ type: any Attack.Type) -> [String] {
    type.information.parameters.keys.sorted()
  }

  private static func make<A: Attack>(
    _ type: A.Type, _ parameters: [String: String]
  ) throws(AttackError) -> A {
    var attack = A()
    for (key, text) in parameters.sorted(by: { $0.key < $1.key }) {
      guard known(type).contains(key) else {
        throw .unknownParameter(attack: type.information.name, name: key, known: known(type))
      }
      attack = try setting(key, to: text, in: attack)
    }
    return attack
  }

  /// The attack with one parameter changed; which kind of value it takes is found by trying.
  private static func setting<A: Attack>(
    _ key: String, to text: String, in attack: A
  ) throws(AttackError) -> A {
    var values = values(of: attack)
    var expected = "another kind of value"
    for reading in AttackParameter.readings(of: text) {
      values[key] = reading
      do {
        return try JSONDecoder().decode(A.self, from: JSONEncoder().encode(values))
      } catch DecodingError.typeMismatch(let wanted, _) {
        expected = name(of: wanted)
      } catch DecodingError.dataCorrupted(let context) {
        expected = "another value (\(context.debugDescription))"
      } catch {
        expected = "another value (\(error))"
      }
    }
    // What the last reading, as text, was told.
    throw .parameter(
      attack: A.information.name, name: key, problem: "is to be \(expected), not '\(text)'")
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is any BinaryInteger.Type: "an integer"
    case is any BinaryFloatingPoint.Type: "a number"
    case is Bool.Type: "true or false"
    default: "of type \(type)"
    }
  }

  private static func values(of attack: any Attack) -> [String: AttackParameter] {
    guard let data = try? JSONEncoder().encode(attack),
      let values = try? JSONDecoder().decode([String: AttackParameter].self, from: data)
    else { preconditionFailure("the parameters of \(attack) are numbers, words and truth values") }
    return values
  }
}
