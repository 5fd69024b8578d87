import Files
import Foundation
import TestSupport
import Testing

@Suite struct WriteFileTests {
  @Test func replacesAFileAndLeavesNothingElse() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("out").path
      try writeAtomically("first", to: path)
      try writeAtomically("second", to: path)
      #expect(try readFile(path) == Array("second".utf8))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
    }
  }

  @Test func unfinishedFilesAreRemovedAndNoOthers() throws {
    try withTemporaryFolder { folder in
      let names = [
        ".out.1x2y.partial", ".out.other.1x2y.partial", ".outer.1x2y.partial", ".out.1x2y", "out",
      ]
      for name in names { try writeAtomically("x", to: folder.path + "/" + name) }
      removeUnfinished(folder.path + "/out")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
          == names.dropFirst().sorted())
      removeUnfinished(folder.path + "/absent/out")
      // Two long names may share what the hidden file keeps of them.
      let long = String(repeating: "n", count: 40)
      try writeAtomically("x", to: folder.path + "/.\(long).1x2y.partial")
      removeUnfinished(folder.path + "/\(long)-one")
      #expect(FileManager.default.fileExists(atPath: folder.path + "/.\(long).1x2y.partial"))
    }
  }

  @Test func followsALinkInsteadOfReplacingIt() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("out").path
      let link = folder.appendingPathComponent("link").path
      try writeAtomically("first", to: path)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      try writeAtomically("second", to: link)
      #expect(try readFile(path) == Array("second".utf8))
    }
  }

  @Test func failuresNameTheFileAndTheReason() throws {
    try withTemporaryFolder { folder in
      let root = folder.path
      try writeAtomically("x", to: root + "/file")
      let cases = [
        ("\(root)/absent/file", "No such file or directory"),
        ("\(root)/file/below", "Not a directory"),
        (root, "Is a directory"),
        ("\(root)/new/", "Is a directory"),
        ("", "this is no file name"),
        ("/dev/full", "No space left on device"),
      ]
      for (path, reason) in cases {
        let error = #expect(throws: FileError.self) { try writeAtomically("text", to: path) }
        #expect(error?.path == path)
        #expect(error?.problem.hasPrefix("cannot be written: ") == true)
        #expect(path.hasSuffix("/new/") || error?.problem.hasSuffix(reason) == true)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: root) == ["file"])
    }
  }

  @Test func createsFoldersAndAcceptsThoseThere() throws {
    try withTemporaryFolder { folder in
      try createFolder(folder.path + "/a/b")
      try createFolder(folder.path + "/a/b")
      try writeAtomically("x", to: folder.path + "/a/b/file")
      #expect(throws: FileError.self) { try createFolder(folder.path + "/a/b/file") }
      #expect(throws: FileError.self) { try createFolder(folder.path + "/a/b/file/c") }
    }
  }

  @Test func linesReachTheFileWhole() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("lines").path
      let writer = try LineWriter(path)
      try writer.append("one")
      #expect(try readFile(path).isEmpty)
      try writer.flush()
      #expect(try readFile(path) == Array("one\n".utf8))
      try writer.append("two")
      try writer.close()
      #expect(try readFile(path) == Array("one\ntwo\n".utf8))
      #expect(throws: FileError.self) {
        try writer.append("three")
        try writer.flush()
      }
    }
  }

  @Test func aContinuedFileLosesOnlyItsBrokenLastLine() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("lines").path
      let long = String(repeating: "y", count: 100_000)
      try writeAtomically("one\n" + long + "\ntw" + long, to: path)
      let writer = try LineWriter(path, continuing: true)
      try writer.append("three")
      try writer.close()
      #expect(try readFile(path) == Array("one\n\(long)\nthree\n".utf8))
      try writeAtomically("never ended", to: path)
      try LineWriter(path, continuing: true).close()
      #expect(try readFile(path).isEmpty)
      try LineWriter(path).close()
      #expect(try readFile(path).isEmpty)
    }
  }

  @Test func aFullDiskIsReported() throws {
    let writer = try LineWriter("/dev/full")
    let error = #expect(throws: FileError.self) {
      try writer.append("line")
      try writer.close()
    }
    #expect(error?.description == "file '/dev/full' cannot be written: No space left on device")
  }

  @Test func namesResolveOnlyInsideTheirFolder() throws {
    try withTemporaryFolder { folder in
      let root = try #require(realpath(folder.path, nil).map { String(cString: $0) })
      try createFolder(root + "/model/part")
      try writeAtomically("x", to: root + "/model/part/weights")
      try writeAtomically("x", to: root + "/secret")
      let manager = FileManager.default
      try manager.createSymbolicLink(
        atPath: root + "/model/out", withDestinationPath: root + "/secret")
      try manager.createSymbolicLink(
        atPath: root + "/model/in", withDestinationPath: "part/weights")
      let model = root + "/model"
      let weights = model + "/part/weights"
      #expect(try resolve("part/weights", inside: model) == weights)
      #expect(try resolve("./part//weights", inside: model + "/") == weights)
      #expect(try resolve("in", inside: model) == weights)
      for name in ["../secret", "part/../part/weights", "/etc/passwd", "", "out", ".."] {
        #expect(throws: FileError.escapes(path: name, folder: model)) {
          try resolve(name, inside: model)
        }
      }
      let error = #expect(throws: FileError.self) { try resolve("absent", inside: model) }
      #expect(
        error?.description == "file '\(model)/absent' cannot be read: No such file or directory")
    }
  }
}
