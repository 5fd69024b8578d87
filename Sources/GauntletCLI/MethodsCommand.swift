import ArgumentParser
import Gauntlet

/// `gauntlet methods`
struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "Lists the ways of training with their parameters, defaults and papers.",
    discussion: """
      A method with a flaw in its publication has a parameter form: sound, the default, is what \
      holds; published is what was printed, and the privacy statement says what of it does not hold.
      """)

  func run() {
    var text = ""
    for type in TrainingSystems.all {
      let information = type.information
      text += "\(information.name)\n  \(information.summary)\n  \(information.reference)\n"
      let needs = [
        (TrainingSystemInformation.Option.attacks, "--attack, --epsilon"),
        (.gaussianDescent, "--noise-multiplier or --target-epsilon"), (.budget, "--target-epsilon"),
      ].filter { information.options.contains($0.0) }.map(\.1)
      if !needs.isEmpty { text += "  needs \(needs.joined(separator: "; "))\n" }
      for (name, value) in TrainingSystems.parameters(of: type.init()) {
        text += "    \(name)=\(value)  \(information.parameters[name] ?? "")\n"
      }
      text += "\n"
    }
    Terminal.print(text)
  }
}
