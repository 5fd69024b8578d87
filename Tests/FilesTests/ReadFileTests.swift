import Files
import Foundation
import TestSupport
import Testing

@Suite struct ReadFileTests {
  /// Compressible and long enough for several output steps.
  let contents = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

  @Test func readsPlainAndCompressedFilesAlike() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("data").path
      try writeAtomically(contents, to: path)
      #expect(try readFile(path) == contents)
      try writeAtomically(Zlib.compressGzip(contents), to: path)
      #expect(try readFile(path) == contents)
      #expect(try readStoredBytes(path) == Zlib.compressGzip(contents))
    }
  }

  @Test func readsAnEmptyFile() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("empty").path
      try writeAtomically([UInt8](), to: path)
      #expect(try readFile(path).isEmpty)
      try writeAtomically(Zlib.compressGzip([]), to: path)
      #expect(try readFile(path).isEmpty)
    }
  }

  @Test func joinsGzipMembersAndIgnoresZeroPadding() throws {
    let members = Zlib.compressGzip([1, 2, 3]) + Zlib.compressGzip(contents) + [0, 0, 0]
    let bytes = try Zlib.decompressGzip(members, limit: 1 << 20, path: "x")
    #expect(bytes == [1, 2, 3] + contents)
  }

  @Test func compressesToTheSameBytesEachTime() {
    let first = Zlib.compressGzip(contents)
    #expect(first == Zlib.compressGzip(contents))
    // No time and no name in the header (RFC 1952, section 2.3).
    #expect(Array(first[..<8]) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
  }

  @Test(arguments: [1, 10, 17, 30, 200])
  func refusesAGzipFileCutOff(by count: Int) {
    let bytes = Array(Zlib.compressGzip(contents).dropLast(count))
    #expect(throws: FileError.self) {
      try Zlib.decompressGzip(bytes, limit: 1 << 20, path: "x")
    }
  }

  @Test func refusesEveryDamagedByteOrDecompressesTheSame() {
    let compressed = Zlib.compressGzip(Array(contents[..<500]))
    for index in compressed.indices {
      var damaged = compressed
      damaged[index] ^= 0x55
      // Header bytes that carry no data (time, system) may differ without harm.
      if let bytes = try? Zlib.decompressGzip(damaged, limit: 1 << 20, path: "x") {
        #expect(bytes == Array(contents[..<500]), "byte \(index)")
      }
    }
  }

  @Test func stopsADecompressionBomb() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("bomb.gz").path
      try writeAtomically(Zlib.compressGzip([UInt8](repeating: 0, count: 1 << 22)), to: path)
      #expect(throws: FileError.tooLarge(path: path, limit: 1 << 20)) {
        try readFile(path, limit: 1 << 20)
      }
      #expect(try readFile(path, limit: 1 << 22).count == 1 << 22)
      #expect(throws: FileError.tooLarge(path: path, limit: 100)) {
        try readStoredBytes(path, limit: 100)
      }
    }
  }

  @Test func stopsReadingWhatNeverEnds() {
    #expect(throws: FileError.tooLarge(path: "/dev/zero", limit: 1000)) {
      try readFile("/dev/zero", limit: 1000)
    }
  }

  @Test func inflatesARawStreamOfExactlyTheStatedSize() throws {
    // The stored block of RFC 1951, section 3.2.4: final, length 3, its complement, the bytes.
    let raw: [UInt8] = [1, 3, 0, 0xfc, 0xff, 7, 8, 9]
    #expect(try Zlib.decompressRaw(raw[...], count: 3, path: "x") == [7, 8, 9])
    #expect(throws: FileError.self) { try Zlib.decompressRaw(raw[...], count: 2, path: "x") }
    #expect(throws: FileError.self) { try Zlib.decompressRaw(raw[...], count: 4, path: "x") }
    #expect(throws: FileError.self) { try Zlib.decompressRaw(raw[..<6], count: 3, path: "x") }
  }

  @Test func checksumIsTheOneOfZip() {
    // The check value of CRC-32/ISO-HDLC.
    #expect(Zlib.checksum(Array("123456789".utf8)) == 0xcbf4_3926)
  }

  @Test func digestsAgreeWithThePublishedVector() throws {
    // FIPS 180-4's one-block example.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(sha256(of: Array("abc".utf8)) == expected)
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("abc").path
      try writeAtomically("abc", to: path)
      #expect(try sha256(ofFile: path) == expected)
      try writeAtomically([UInt8](repeating: 1, count: 3 << 20), to: path)
      #expect(try sha256(ofFile: path) == sha256(of: [UInt8](repeating: 1, count: 3 << 20)))
    }
  }

  @Test func errorsNameTheFileAndTheReason() throws {
    let cases: [(path: String, message: String)] = [
      ("/no/such/file", "file '/no/such/file' cannot be read: No such file or directory"),
      ("/", "file '/' cannot be read: Is a directory"),
      ("a\0b", "file 'a\0b' cannot be read: the name holds a zero byte"),
    ]
    for (path, message) in cases {
      let error = #expect(throws: FileError.self) { try readFile(path) }
      #expect(error?.description == message)
      #expect(error?.path == path)
    }
  }
}
