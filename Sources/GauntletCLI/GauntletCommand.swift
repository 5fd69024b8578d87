import ArgumentParser
import Foundation
import Gauntlet

/// The command `gauntlet`.
@main
struct GauntletCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gauntlet",
    abstract: "Runs image classifiers through adversarial attacks and says what is left.",
    discussion: """
      Results go to standard output, progress and messages to standard error. The exit status is 0 \
      on success, 64 for a wrong command line, 65 for a file that cannot be used, 70 for a fault of \
      gauntlet or of an attack, and 130 after Ctrl-C.
      """,
    version: "gauntlet \(gauntletVersion)",
    subcommands: [
      EvaluateCommand.self, FalsifyCommand.self, AttacksCommand.self, CertifiersCommand.self,
      InspectCommand.self, TrainCommand.self, MethodsCommand.self, CalibrateCommand.self,
      AccountCommand.self, AuditCommand.self, BenchCommand.self, ExportCommand.self,
      FixturesCommand.self,
    ],
    defaultSubcommand: nil)

  /// Runs a command and turns whatever it throws into one sentence and an exit status.
  static func main() {
    // A file that may not grow further is an error of writing it, not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    var line = ConfigurationFile.Expansion(arguments: [])
    do {
      line = try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst()))
      var command = try parseAsRoot(line.arguments)
      try command.run()
    } catch {
      let status = ExitStatus(error)
      // Help, version and completion scripts are printed by the parser, which exits with success.
      if status == .success { exit(withError: error) }
      var sentence = ExitStatus.sentence(error)
      if status == .usage {
        sentence = line.explain(sentence) { (try? parseAsRoot($0)) != nil }
      }
      Terminal.say("gauntlet: \(sentence)")
      exit(withError: ExitCode(status.rawValue))
    }
  }
}
