public import Robustness

/// The ways of training there are. One is added by its line here.
public enum TrainingSystems {
  /// Every system, in the order in which they are shown; names are distinct.
  public static let all: [any TrainingSystem.Type] = [
    SGDTraining.self,
    AdversarialTraining.self,
    DPSGDTraining.self,
    DPAdversarialTraining.self,
    PixelDPTraining.self,
    HGMPixelDPTraining.self,
    SecureSGDTraining.self,
    SecureSGDAGMTraining.self,
    AdLMTraining.self,
    StoBatchTraining.self,
    OptimizedNoiseTraining.self,
  ]

  /// Their names.
  public static var names: [String] { all.map { $0.information.name } }

  /// The system that `NAME` or `NAME:key=value,key=value` asks for, its parameters checked.
  /// - Throws: ``PrivateTrainingError`` for a name or key that does not exist, and a value of the
  ///   wrong kind or out of range.
  public static func parse(_ text: String) throws(PrivateTrainingError) -> any TrainingSystem {
    let parsed: (name: String, parameters: [String: String])
    do {
      parsed = try Parameters.parse(text)
    } catch {
      throw .system(name: text, problem: "\(error)")
    }
    guard let type = all.first(where: { $0.information.name == parsed.name }) else {
      throw .system(
        name: parsed.name, problem: "does not exist; there are " + names.joined(separator: ", "))
    }
    return try make(type, parsed.parameters)
  }

  /// A system's parameters in alphabetical order.
  public static func parameters(
    of system: any TrainingSystem
  ) -> [(name: String, value: Parameter)] {
    Parameters.values(of: system, known: known(type(of: system)))
  }

  private static func known(_ type: any TrainingSystem.Type) -> [String] {
    type.information.parameters.keys.sorted()
  }

  private static func make<S: TrainingSystem>(
    _ type: S.Type, _ parameters: [String: String]
  ) throws(PrivateTrainingError) -> S {
    let name = S.information.name
    let system: S
    do {
      system = try Parameters.setting(parameters, known: known(type), in: S())
    } catch {
      throw .system(name: name, problem: "\(error)")
    }
    try system.validate()
    return system
  }
}
