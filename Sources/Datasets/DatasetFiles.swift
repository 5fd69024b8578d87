internal import Files
internal import Foundation

/// Reads the files of one data set and digests them on the way.
struct DatasetFiles {
  private var digests: [(digest: String, name: String)] = []

  /// The contents of a file, decompressed; its digest is that of the bytes as stored.
  mutating func read(_ path: String, name: String) throws(DatasetError) -> [UInt8] {
    let stored = try readingFiles { () throws(FileError) in try readStoredBytes(path) }
    digests.append((sha256(of: stored), name))
    guard Zlib.isGzip(stored) else { return stored }
    return try readingFiles { () throws(FileError) in
      try Zlib.decompressGzip(stored, limit: defaultFileLimit, path: path)
    }
  }

  /// `Dataset.sha256` of what was read so far.
  var digest: String {
    if digests.count == 1 { return digests[0].digest }
    return sha256(of: Array(digests.map { "\($0.digest)  \($0.name)\n" }.joined().utf8))
  }
}

/// What is in a folder.
struct Listing {
  /// Names of files, sorted; hidden ones are left out.
  var files: [String] = []
  /// Names of folders, sorted; hidden ones are left out.
  var folders: [String] = []

  /// Lists `path`, or answers nil where it is no folder.
  init?(_ path: String) {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return nil }
    for name in names.filter({ !$0.hasPrefix(".") }).sorted(by: precedes) {
      var isFolder = ObjCBool(false)
      guard FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder)
      else { continue }
      if isFolder.boolValue { folders.append(name) } else { files.append(name) }
    }
  }

  /// The first of `names` that is a file here, with or without `.gz`.
  func file(_ names: [String]) -> String? {
    names.flatMap { [$0, $0 + ".gz"] }.first { files.contains($0) }
  }
}

/// The order of names: runs of digits by their number (`9` before `10`), the rest by its bytes.
func precedes(_ first: String, _ second: String) -> Bool {
  func isDigit(_ byte: UInt8) -> Bool { 48...57 ~= byte }
  var (left, right) = (Array(first.utf8)[...], Array(second.utf8)[...])
  while let a = left.first, let b = right.first {
    if isDigit(a), isDigit(b) {
      let (leftDigits, rightDigits) = (left.prefix(while: isDigit), right.prefix(while: isDigit))
      left = left.dropFirst(leftDigits.count)
      right = right.dropFirst(rightDigits.count)
      // Numbers of any length: without leading zeros the longer one is larger.
      let (m, n) = (leftDigits.drop { $0 == 48 }, rightDigits.drop { $0 == 48 })
      if m.count != n.count { return m.count < n.count }
      if !m.elementsEqual(n) { return m.lexicographicallyPrecedes(n) }
    } else {
      if a != b { return a < b }
      left = left.dropFirst()
      right = right.dropFirst()
    }
  }
  if left.isEmpty && right.isEmpty { return first < second }
  return left.isEmpty
}
