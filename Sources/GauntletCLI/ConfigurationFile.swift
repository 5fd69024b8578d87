import Files
import Foundation

/// A JSON file with options of a command: `{"architecture": "linear", "epochs": 3, "flip": true}`.
///
/// A member is the option of that name; an array is a list separated by commas, `true` a flag,
/// `false` and `null` nothing. What the command line itself says wins.
struct ConfigurationFile {
  let path: String
  private let members: [String: Value]

  /// What an option can be.
  private enum Value: Decodable {
    case none
    case flag
    case text(String)

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
      } else {
        self = .text(try container.decode([Double].self).map { "\($0)" }.joined(separator: ","))
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
          + "numbers, true or false")
    }
  }

  /// The arguments of a command with those of the file its `--config` names in front of them.
  static func expand(_ arguments: [String]) throws -> [String] {
    guard let command = arguments.first, !command.hasPrefix("-") else { return arguments }
    var rest = Array(arguments.dropFirst())
    let path: String
    if let index = rest.firstIndex(of: "--config") {
      guard index + 1 < rest.count else { return arguments }
      path = rest[index + 1]
      rest.removeSubrange(index...index + 1)
    } else if let index = rest.firstIndex(where: { $0.hasPrefix("--config=") }) {
      path = String(rest.remove(at: index).dropFirst("--config=".count))
    } else {
      return arguments
    }
    let given = Set(rest.map { String($0.prefix { $0 != "=" }) })
    var options: [String] = []
    for (name, value) in try ConfigurationFile(path: path).members.sorted(by: { $0.key < $1.key })
    where !given.contains("--" + name) {
      switch value {
      case .none: break
      case .flag: options.append("--" + name)
      case .text(let text): options.append("--\(name)=\(text)")
      }
    }
    return [command] + options + rest
  }
}
