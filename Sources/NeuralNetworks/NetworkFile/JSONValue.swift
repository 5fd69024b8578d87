internal import Foundation
internal import Tensors

/// A JSON document, read strictly: UTF-8, no duplicate keys, no trailing text, limited depth.
///
/// Foundation's decoder keeps one of two members of the same name; a file that means two things is
/// refused here.
enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  /// In the order of the text.
  case object([Member])

  struct Member: Sendable, Equatable {
    var key: String
    var value: JSONValue
  }

  /// What is wrong with a text, and at which byte.
  struct Problem: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  /// The member of this name, if this is an object that has it.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  var string: String? { if case .string(let text) = self { text } else { nil } }
  /// A whole number that a `Double` holds exactly.
  var int: Int? {
    guard case .number(let value) = self, value == value.rounded(), abs(value) < 0x1p53 else {
      return nil
    }
    return Int(value)
  }
  var ints: [Int]? {
    guard let array else { return nil }
    let numbers = array.compactMap(\.int)
    return numbers.count == array.count ? numbers : nil
  }
}

extension JSONValue {
  /// Numbers that JSON has no text for.
  private static let infinity = (positive: "inf", negative: "-inf", nan: "nan")

  /// An encodable value; its tensors go to `archive` where one is given.
  init(encoding value: any Encodable, archive: TensorArchive? = nil) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: Self.infinity.positive, negativeInfinity: Self.infinity.negative,
      nan: Self.infinity.nan)
    if let archive { encoder.userInfo[TensorArchive.key] = archive }
    self = try JSONValue(parsing: [UInt8](try encoder.encode(value)))
  }

  /// The value of a decodable type; its tensors come from `archive` where one is given.
  func decoded<T: Decodable>(_ type: T.Type, archive: TensorArchive? = nil) throws -> T {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: Self.infinity.positive, negativeInfinity: Self.infinity.negative,
      nan: Self.infinity.nan)
    if let archive { decoder.userInfo[TensorArchive.key] = archive }
    return try decoder.decode(type, from: Data(text().utf8))
  }

  /// As text; with an `indent`, members on lines of their own, arrays of scalars on one.
  func text(indent: String? = nil) -> String {
    var result = ""
    write(to: &result, indent: indent, margin: "")
    return result
  }

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private func write(to result: inout String, indent: String?, margin: String) {
    func list<T>(
      _ open: String, _ items: [T], _ close: String, flat: Bool, _ item: (T, String) -> Void
    ) {
      result += open
      let inner = margin + (indent ?? "")
      for (index, element) in items.enumerated() {
        if index > 0 { result += flat && indent != nil ? ", " : "," }
        if !flat { result += "\n" + inner }
        item(element, inner)
      }
      if !flat && !items.isEmpty { result += "\n" + margin }
      result += close
    }
    switch self {
    case .null: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .number(let value):
      if let whole = int { result += "\(whole)" } else { result += "\(value)" }
    case .string(let text): Self.quote(text, to: &result)
    case .array(let values):
      list("[", values, "]", flat: indent == nil || values.allSatisfy(\.isScalar)) {
        $0.write(to: &result, indent: indent, margin: $1)
      }
    case .object(let members):
      list("{", members, "}", flat: indent == nil) { member, inner in
        Self.quote(member.key, to: &result)
        result += indent == nil ? ":" : ": "
        member.value.write(to: &result, indent: indent, margin: inner)
      }
    }
  }

  private static func quote(_ text: String, to result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    result += "\""
  }
}
