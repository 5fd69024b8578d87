import ArgumentParser
import Benchmarks
import Files
import Gauntlet

/// How a run ended, as the shell sees it.
enum ExitStatus: Int32 {
  case success = 0
  /// The command line is wrong.
  case usage = 64
  /// A file cannot be used: a model, data, or what was to be written.
  case data = 65
  /// A fault of the program or of an attack.
  case fault = 70
  /// Ctrl-C.
  case interrupted = 130

  /// The status for what a command threw.
  init(_ error: any Error) {
    switch error {
    case let error as EvaluationError:
      switch error {
      case .interrupted: self = .interrupted
      case .epsilon, .plan, .attack: self = .usage
      case .label, .value, .mismatch: self = .data
      case .proposal: self = .fault
      }
    case let error as ReportError:
      if case .occupied = error { self = .usage } else { self = .data }
    case CertificationError.file, CertificationError.unsupportedLayer: self = .data
    case is UsageError, is AttackError, is CertificationError, is CertifierError: self = .usage
    case is BrokenTheorem, is BrokenClaim: self = .fault
    case BenchmarkError.unknown, TrainingError.parameter, PrivateTrainingError.parameter,
      PrivateTrainingError.system, is PrivacyError:
      self = .usage
    case is FileError, is DatasetError, is PNGError, is ModelError, is ONNXError,
      is NetworkFileError, is NetworkError, is TrainingError, is ExportError,
      is PrivateTrainingError:
      self = .data
    case is CancellationError: self = .interrupted
    default:
      let code = GauntletCommand.exitCode(for: error)
      self = code == .success ? .success : code == .validationFailure ? .usage : .fault
    }
  }

  /// What went wrong, in one line.
  static func sentence(_ error: any Error) -> String {
    switch error {
    case is CancellationError: return "interrupted"
    case _ where isOwn(error): return "\(error)"
    default:
      let message = GauntletCommand.message(for: error)
      let text = message.isEmpty ? "\(error)" : message
      return text.split(separator: "\n").map { $0.trimmingPrefix(while: \.isWhitespace) }
        .joined(separator: " ")
    }
  }

  /// True for an error of the package, whose description is a sentence.
  private static func isOwn(_ error: any Error) -> Bool {
    error is EvaluationError || error is ReportError || error is UsageError
      || error is AttackError || error is FileError || error is DatasetError || error is PNGError
      || error is BenchmarkError || error is ModelError || error is ONNXError
      || error is NetworkFileError || error is NetworkError || error is TrainingError
      || error is ExportError || error is PrivateTrainingError || error is PrivacyError
      || error is CertificationError || error is CertifierError || error is BrokenTheorem
      || error is BrokenClaim
  }
}

/// A command line that is well formed but makes no sense.
struct UsageError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
