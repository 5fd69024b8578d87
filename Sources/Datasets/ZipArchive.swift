internal import Files

/// The members of a zip archive: PKWARE's APPNOTE 6.3, what `numpy.savez` uses of it.
struct ZipArchive {
  /// A file in the archive, as the central directory describes it.
  private struct Member {
    var name: String
    var method: Int
    var isEncrypted: Bool
    var checksum: Int
    var compressedSize: Int
    var size: Int
    var headerOffset: Int
  }

  private let bytes: [UInt8]
  private let path: String
  private var members: [Member] = []

  /// The names in the order of the directory.
  var names: [String] { members.map(\.name) }

  /// True for data that begin like a zip archive.
  static func isZip(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x50, 0x4b, 3, 4]) || bytes.starts(with: [0x50, 0x4b, 5, 6])
  }

  /// Reads the central directory; sizes beyond 32 bits (zip64) are understood.
  init(_ bytes: [UInt8], path: String) throws(DatasetError) {
    self.bytes = bytes
    self.path = path
    guard let directory = Self.findDirectory(bytes) else {
      throw .malformed(
        path: path, place: "the zip archive", problem: "has no directory at its end: it is cut off")
    }
    var offset = directory.offset
    for index in 0..<directory.count {
      guard let (member, next) = Self.readMember(bytes, at: offset) else {
        throw .malformed(
          path: path, place: "entry \(index) of the zip directory", problem: "is damaged")
      }
      members.append(member)
      offset = next
    }
  }

  /// The contents of a member, checked against its checksum; nil where there is none of this name.
  func contents(of name: String) throws(DatasetError) -> [UInt8]? {
    guard let member = members.first(where: { $0.name == name }) else { return nil }
    func malformed(_ problem: String) -> DatasetError {
      .malformed(path: path, place: "member '\(name)'", problem: problem)
    }
    let header = member.headerOffset
    guard !member.isEncrypted else { throw malformed("is encrypted") }
    guard number(bytes, header, 4) == 0x0403_4b50, let nameSize = number(bytes, header + 26, 2),
      let extraSize = number(bytes, header + 28, 2)
    else { throw malformed("has no header where the directory says") }
    let start = header + 30 + nameSize + extraSize
    guard start <= bytes.count, member.compressedSize <= bytes.count - start else {
      throw malformed("reaches beyond the end of the file")
    }
    guard member.size <= defaultFileLimit else {
      throw malformed("holds \(member.size) bytes, more than is accepted")
    }
    let stored = bytes[start..<start + member.compressedSize]
    var contents: [UInt8]
    switch member.method {
    case 0:
      contents = Array(stored)
      guard contents.count == member.size else { throw malformed("has two different sizes") }
    case 8:
      do throws(FileError) {
        contents = try Zlib.decompressRaw(stored, count: member.size, path: path)
      } catch {
        throw malformed(error.problem)
      }
    default: throw malformed("is compressed with method \(member.method), not 0 or 8")
    }
    guard Int(Zlib.checksum(contents)) == member.checksum else {
      throw malformed("does not have the checksum stated")
    }
    return contents
  }

  /// Where the directory begins and how many entries it has.
  private static func findDirectory(_ bytes: [UInt8]) -> (offset: Int, count: Int)? {
    // The record at the end is 22 bytes and a comment of at most 65535.
    var end = bytes.count - 22
    let first = max(0, end - 65535)
    while end >= first, number(bytes, end, 4) != 0x0605_4b50 { end -= 1 }
    guard end >= first, let count = number(bytes, end + 10, 2),
      let offset = number(bytes, end + 16, 4)
    else { return nil }
    guard count == 0xffff || offset == 0xffff_ffff, number(bytes, end - 20, 4) == 0x0706_4b50,
      let record = number(bytes, end - 12, 8), number(bytes, record, 4) == 0x0606_4b50,
      let longCount = number(bytes, record + 32, 8), let longOffset = number(bytes, record + 48, 8)
    else { return (offset, count) }
    return (longOffset, longCount)
  }

  private static func readMember(_ bytes: [UInt8], at offset: Int) -> (Member, next: Int)? {
    guard number(bytes, offset, 4) == 0x0201_4b50, let flags = number(bytes, offset + 8, 2),
      let method = number(bytes, offset + 10, 2), let checksum = number(bytes, offset + 16, 4),
      var compressedSize = number(bytes, offset + 20, 4), var size = number(bytes, offset + 24, 4),
      let nameSize = number(bytes, offset + 28, 2), let extraSize = number(bytes, offset + 30, 2),
      let commentSize = number(bytes, offset + 32, 2),
      var headerOffset = number(bytes, offset + 42, 4)
    else { return nil }
    let extraStart = offset + 46 + nameSize
    let next = extraStart + extraSize + commentSize
    guard next <= bytes.count else { return nil }
    // Extra field 1 has the long form of what does not fit, in this order.
    var field = extraStart
    while field + 4 <= extraStart + extraSize, let kind = number(bytes, field, 2),
      let fieldSize = number(bytes, field + 2, 2)
    {
      var at = field + 4
      field = at + fieldSize
      guard kind == 1, field <= extraStart + extraSize else { continue }
      func lengthen(_ value: inout Int) -> Bool {
        guard value == 0xffff_ffff else { return true }
        guard at + 8 <= field, let long = number(bytes, at, 8) else { return false }
        value = long
        at += 8
        return true
      }
      guard lengthen(&size), lengthen(&compressedSize), lengthen(&headerOffset) else { return nil }
    }
    let name = String(decoding: bytes[offset + 46..<extraStart], as: UTF8.self)
    let member = Member(
      name: name, method: method, isEncrypted: flags & 1 == 1, checksum: checksum,
      compressedSize: compressedSize, size: size, headerOffset: headerOffset)
    return (member, next)
  }

  /// An archive of stored members; names are ASCII.
  static func encode(
    _ files: [(name: String, contents: [UInt8])], path: String
  ) throws(DatasetError) -> [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for (name, contents) in files {
      let offset = archive.count
      guard offset + contents.count + 1024 < 0xffff_ffff, files.count < 0xffff else {
        throw .notWritable(path: path, problem: "it would exceed the 4 GiB of a zip archive")
      }
      // Needs version 2.0, names in UTF-8, stored, midnight of 1 January 1980.
      let common =
        littleEndian(20, size: 2) + littleEndian(0x800, size: 2) + littleEndian(0, size: 4)
        + littleEndian(0x21, size: 2) + littleEndian(Int(Zlib.checksum(contents)), size: 4)
        + littleEndian(contents.count, size: 4) + littleEndian(contents.count, size: 4)
        + littleEndian(name.utf8.count, size: 2) + littleEndian(0, size: 2)
      archive += littleEndian(0x0403_4b50, size: 4) + common + Array(name.utf8) + contents
      directory += littleEndian(0x0201_4b50, size: 4) + littleEndian(20, size: 2) + common
      directory += littleEndian(0, size: 10) + littleEndian(offset, size: 4) + Array(name.utf8)
    }
    let start = archive.count
    archive += directory
    archive += littleEndian(0x0605_4b50, size: 4) + littleEndian(0, size: 4)
    archive += littleEndian(files.count, size: 2) + littleEndian(files.count, size: 2)
    archive += littleEndian(directory.count, size: 4) + littleEndian(start, size: 4)
    return archive + littleEndian(0, size: 2)
  }
}

/// A little-endian number, or nil where it lies outside or exceeds an `Int`.
private func number(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> Int? {
  guard offset >= 0, offset <= bytes.count - size else { return nil }
  var value: UInt64 = 0
  for index in (0..<size).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
  return Int(exactly: value)
}
