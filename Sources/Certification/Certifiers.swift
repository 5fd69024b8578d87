public import Robustness

/// The certifiers there are. One is added by its line here.
public enum Certifiers {
  /// Every certifier, in the order in which they are shown; names are distinct. The ones that do
  /// not hold come last.
  public static let all: [any Certifier.Type] = [
    GaussianCertifier.self,
    SmoothingCertifier.self,
    AGMCertifier.self,
    HGMPixelDPCertifier.self,
    PixelDPCertifier.self,
    StoBatchCertifier.self,
    PublishedHGMPixelDPCertifier.self,
    PublishedPerFeatureMapCertifier.self,
    PublishedStoBatchCertifier.self,
    PublishedSecureSGDCertifier.self,
  ]

  /// Their names.
  public static var names: [String] { all.map { $0.information.name } }

  /// The certifier that `NAME` or `NAME:key=value,key=value` asks for, its parameters checked. A
  /// name may have a colon in it (`as-published:stobatch`).
  /// - Throws: ``CertificationError``, as `make`, and for text of another form.
  public static func parse(_ text: String) throws(CertificationError) -> any Certifier {
    // The longest name that the text begins with; without one, what stands before the colon.
    let name = names.filter { text == $0 || text.hasPrefix($0 + ":") }
      .max { $0.count < $1.count }
    let parsed: (name: String, parameters: [String: String])
    do {
      parsed = try Parameters.parse(text, name: name)
    } catch {
      throw .syntax(text: text, problem: "\(error)")
    }
    return try make(name: parsed.name, parameters: parsed.parameters)
  }

  /// A certifier by name, with some of its parameters; the others keep their defaults.
  /// - Throws: ``CertificationError`` for a name or key that does not exist, and a value of the
  ///   wrong kind or out of range.
  public static func make(
    name: String, parameters: [String: String] = [:]
  ) throws(CertificationError) -> any Certifier {
    guard let type = all.first(where: { $0.information.name == name }) else {
      throw .unknownCertifier(name: name, known: names)
    }
    return try make(type, parameters)
  }

  /// A certifier's parameters in alphabetical order.
  public static func parameters(
    of certifier: any Certifier
  ) -> [(name: String, value: Parameter)] {
    Parameters.values(of: certifier, known: known(type(of: certifier)))
  }

  private static func known(_ type: any Certifier.Type) -> [String] {
    type.information.parameters.keys.sorted()
  }

  private static func make<C: Certifier>(
    _ type: C.Type, _ parameters: [String: String]
  ) throws(CertificationError) -> C {
    let name = C.information.name
    let certifier: C
    do {
      certifier = try Parameters.setting(parameters, known: known(type), in: C())
    } catch {
      throw .certifier(name: name, problem: "\(error)")
    }
    do {
      try certifier.validate()
    } catch {
      throw .certifier(name: name, problem: "\(error)")
    }
    return certifier
  }
}
