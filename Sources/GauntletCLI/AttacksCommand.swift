import ArgumentParser
import Gauntlet

/// `gauntlet attacks`: what there is to attack with.
struct AttacksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attacks",
    abstract: "Lists the attacks with their parameters, defaults and papers.")

  @Argument(help: "Only these; all where none is named.")
  var names: [String] = []

  func run() throws {
    if let unknown = names.first(where: { !Attacks.names.contains($0) }) {
      throw AttackError.unknownAttack(name: unknown, known: Attacks.names)
    }
    let shown = Attacks.all.filter { names.isEmpty || names.contains($0.information.name) }
    Terminal.print(shown.map(Self.page).joined(separator: "\n"))
  }

  private static func page(_ type: any Attack.Type) -> String {
    let information = type.information
    let norms = information.norms.map(\.rawValue).joined(separator: ", ")
    var lines = [
      "\(information.name)  \(information.summary)", "  norms  \(norms)",
      "  paper  \(information.reference)",
    ]
    let parameters = Attacks.parameters(of: type.init())
    let width = parameters.map(\.name.count).max() ?? 0
    for (name, value) in parameters {
      let space = String(repeating: " ", count: width - name.count)
      lines.append("    \(name)\(space)  \(information.parameters[name] ?? "") [\(value)]")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
