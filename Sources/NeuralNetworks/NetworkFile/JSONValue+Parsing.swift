extension JSONValue {
  /// Reads a whole text.
  init(parsing bytes: [UInt8]) throws(Problem) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

/// A recursive descent over the bytes; nesting is limited, so the stack is too.
private struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  var depth = 0
  static let deepest = 64

  func problem(_ what: String) -> JSONValue.Problem {
    JSONValue.Problem(description: "byte \(position): \(what)")
  }

  mutating func document() throws(JSONValue.Problem) -> JSONValue {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw problem("text after the document") }
    return value
  }

  mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
      position += 1
    }
  }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func take(_ byte: Character) -> Bool {
    guard next == byte.asciiValue else { return false }
    position += 1
    return true
  }

  mutating func value() throws(JSONValue.Problem) -> JSONValue {
    skipSpace()
    guard let byte = next else { throw problem("the text ends where a value is expected") }
    switch Character(Unicode.Scalar(byte)) {
    case "{": return try nested { parser throws(JSONValue.Problem) in try parser.object() }
    case "[": return try nested { parser throws(JSONValue.Problem) in try parser.array() }
    case "\"": return .string(try string())
    case "t": return try word("true", .bool(true))
    case "f": return try word("false", .bool(false))
    case "n": return try word("null", .null)
    default: return .number(try number())
    }
  }

  mutating func nested(
    _ body: (inout JSONParser) throws(JSONValue.Problem) -> JSONValue
  ) throws(JSONValue.Problem) -> JSONValue {
    depth += 1
    guard depth <= Self.deepest else { throw problem("nested deeper than \(Self.deepest)") }
    position += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  mutating func word(_ text: String, _ value: JSONValue) throws(JSONValue.Problem) -> JSONValue {
    guard bytes[position...].starts(with: text.utf8) else { throw problem("not a JSON value") }
    position += text.utf8.count
    return value
  }

  mutating func array() throws(JSONValue.Problem) -> JSONValue {
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(values) }
    while true {
      values.append(try value())
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw problem("expected ',' or ']'") }
    }
  }

  mutating func object() throws(JSONValue.Problem) -> JSONValue {
    var members: [JSONValue.Member] = []
    var keys: Set<String> = []
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard next == 0x22 else { throw problem("expected a name in quotes") }
      let key = try string()
      guard keys.insert(key).inserted else { throw problem("'\(key)' is there twice") }
      skipSpace()
      guard take(":") else { throw problem("expected ':'") }
      members.append(.init(key: key, value: try value()))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw problem("expected ',' or '}'") }
    }
  }

  mutating func number() throws(JSONValue.Problem) -> Double {
    let start = position
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
    func digits(_ parser: inout JSONParser) -> Bool {
      guard isDigit(parser.next) else { return false }
      while isDigit(parser.next) { parser.position += 1 }
      return true
    }
    _ = take("-")
    if take("0") {
      guard !isDigit(next) else { throw problem("a number with a leading zero") }
    } else {
      guard digits(&self) else { throw problem("not a JSON value") }
    }
    if take(".") {
      guard digits(&self) else { throw problem("a number without digits after '.'") }
    }
    if take("e") || take("E") {
      if !take("-") { _ = take("+") }
      guard digits(&self) else { throw problem("a number without an exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw problem("number \(text.prefix(40)) is out of range")
    }
    return value
  }

  mutating func string() throws(JSONValue.Problem) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case 0x22:
        guard let result = String(validating: text, as: UTF8.self) else {
          throw problem("a string that is not UTF-8")
        }
        return result
      case 0x5c: text += Array(String(try escape()).utf8)
      case 0..<0x20: throw problem("a control character in a string")
      default: text.append(byte)
      }
    }
    throw problem("the text ends in a string")
  }

  mutating func escape() throws(JSONValue.Problem) -> Character {
    guard let byte = next else { throw problem("the text ends in a string") }
    position += 1
    switch Character(Unicode.Scalar(byte)) {
    case "\"": return "\""
    case "\\": return "\\"
    case "/": return "/"
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      var code = try hexadecimal()
      if (0xd800..<0xdc00).contains(code), take("\\"), take("u") {
        let low = try hexadecimal()
        guard (0xdc00..<0xe000).contains(low) else { throw problem("half a surrogate pair") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw problem("half a surrogate pair") }
      return Character(scalar)
    default: throw problem("an unknown escape in a string")
    }
  }

  mutating func hexadecimal() throws(JSONValue.Problem) -> UInt32 {
    guard position + 4 <= bytes.count,
      let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw problem("an escape without four hexadecimal digits") }
    position += 4
    return code
  }
}
