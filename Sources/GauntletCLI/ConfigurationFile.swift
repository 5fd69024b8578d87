import Files
import Foundation

/// A JSON file with options of a command: `{"architecture": "linear", "epochs": 3, "flip": true}`.
///
/// A member is the option of that name; an array of numbers is a list separated by commas, one of
/// texts the option repeated, `true` a flag, `false` and `null` nothing. What the command line
/// itself says wins.
struct ConfigurationFile {
  let path: String
  private let members: [String: Value]

  /// What an option can be.
  private enum Value: Decodable {
    case none
    case flag
    case text(String)
    case texts([String])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .none
      } else if let flag = try? container.decode(Bool.self) {
        self = flag ? .flag : .none
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let number = try? container.decode(Int.self) {
        self = .text(String(number))
      } else if let number = try? container.decode(Double.self) {
        self = .text(String(number))
      } else if let numbers = try? container.decode([Double].self) {
        self = .text(numbers.map { "\($0)" }.joined(separator: ","))
      } else {
        self = .texts(try container.decode([String].self))
      }
    }
  }

  init(path: String) throws {
    self.path = path
    let bytes = try readFile(path)
    do {
      members = try JSONDecoder().decode([String: Value].self, from: Data(bytes))
    } catch {
      throw UsageError(
        "configuration '\(path)': is to be a JSON object of options with texts, numbers, lists of "
          + "either, true or false")
    }
  }

  /// A command line, and what of it stands in a file.
  struct Expansion {
    var arguments: [String]
    /// The file, where there is one.
    var path: String?
    /// The names and the arguments of the options that come from it.
    var options: [(name: String, argument: String)] = []

    /// What is wrong with the command line, with the file in front if one of its options is at
    /// fault: one whose name or value is in the sentence, or without which there is no fault.
    func explain(_ sentence: String, isRight: ([String]) -> Bool) -> String {
      guard let path else { return sentence }
      let isParsed = isRight(arguments)
      // Later names are suggestions.
      let named = sentence.split { !$0.isLetter && !$0.isNumber && $0 != "-" }
        .first { $0.hasPrefix("--") }
      let fault = options.first { name, argument in
        named == "--\(name)" || sentence.contains(": \(words(name)) ")
          || sentence.contains("'\(argument.dropFirst("--\(name)=".count))'")
          || !isParsed && isRight(arguments.filter { $0 != argument })
      }
      guard let fault else { return sentence }
      return sentence.contains(fault.name) || sentence.contains(words(fault.name))
        ? "configuration '\(path)': \(sentence)"
        : "configuration '\(path)': option '\(fault.name)': \(sentence)"
    }

    private func words(_ name: String) -> String {
      name.split(separator: "-").joined(separator: " ")
    }
  }

  /// The arguments of a command with those of the file its `--config` names in front of them.
  static func expand(_ arguments: [String]) throws -> Expansion {
    guard let command = arguments.first, !command.hasPrefix("-") else {
      return Expansion(arguments: arguments)
    }
    var rest = Array(arguments.dropFirst())
    let path: String
    if let index = rest.firstIndex(of: "--config") {
      guard index + 1 < rest.count else { return Expansion(arguments: arguments) }
      path = rest[index + 1]
      rest.removeSubrange(index...index + 1)
    } else if let index = rest.firstIndex(where: { $0.hasPrefix("--config=") }) {
      path = String(rest.remove(at: index).dropFirst("--config=".count))
    } else {
      return Expansion(arguments: arguments)
    }
    let given = Set(rest.map { String($0.prefix { $0 != "=" }) })
    var options: [(name: String, argument: String)] = []
    for (name, value) in try ConfigurationFile(path: path).members.sorted(by: { $0.key < $1.key })
    where !given.contains("--" + name) {
      switch value {
      case .none: break
      case .flag: options.append((name, "--" + name))
      case .text(let text): options.append((name, "--\(name)=\(text)"))
      case .texts(let texts): options += texts.map { (name, "--\(name)=\($0)") }
      }
    }
    return Expansion(
      arguments: [command] + options.map(\.argument) + rest, path: path, options: options)
  }
}
