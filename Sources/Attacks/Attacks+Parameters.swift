public import Robustness

extension Attacks {
  /// The attack that `NAME` or `NAME:key=value,key=value` asks for, its parameters checked.
  /// - Throws: ``AttackError``, as `make`, and for text of another form.
  public static func parse(_ text: String) throws(AttackError) -> any Attack {
    let parsed: (name: String, parameters: [String: String])
    do {
      parsed = try Parameters.parse(text)
    } catch {
      throw .syntax(text: text, problem: "\(error)")
    }
    return try make(name: parsed.name, parameters: parsed.parameters)
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
  public static func parameters(of attack: any Attack) -> [(name: String, value: Parameter)] {
    Parameters.values(of: attack, known: known(type(of: attack)))
  }

  private static func known(_ type: any Attack.Type) -> [String] {
    type.information.parameters.keys.sorted()
  }

  private static func make<A: Attack>(
    _ type: A.Type, _ parameters: [String: String]
  ) throws(AttackError) -> A {
    do {
      return try Parameters.setting(parameters, known: known(type), in: A())
    } catch {
      let attack = type.information.name
      switch error {
      case .syntax(let problem): throw .syntax(text: attack, problem: problem)
      case .unknown(let name, let known):
        throw .unknownParameter(attack: attack, name: name, known: known)
      case .value(let name, let problem):
        throw .parameter(attack: attack, name: name, problem: problem)
      }
    }
  }
}
