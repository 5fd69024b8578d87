import ArgumentParser
import Gauntlet

/// `gauntlet certifiers`: what can prove a radius.
struct CertifiersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certifiers",
    abstract: "Lists the certifiers with their noise, parameters and papers.",
    discussion: """
      Names that begin with as-published: are formulas that were printed but do not hold; what they \
      say is marked UNSOUND wherever it appears.
      """)

  func run() throws {
    Terminal.print(Certifiers.all.map(Self.page).joined(separator: "\n"))
  }

  private static func page(_ type: any Certifier.Type) -> String {
    let information = type.information
    let noise = information.families.map(\.rawValue).joined(separator: ", ")
    var lines = [
      "\(information.name)\(information.isSound ? "" : "  UNSOUND")  \(information.summary)",
      "  noise  \(noise)", "  paper  \(information.reference)",
    ]
    for (name, text) in information.parameters.sorted(by: { $0.key < $1.key }) {
      lines.append("    \(name)  \(text)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
