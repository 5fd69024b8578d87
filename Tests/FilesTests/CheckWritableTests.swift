import Files
import Foundation
import Testing

@Suite struct CheckWritableTests {
  @Test func acceptsWhatCanBeWrittenAndLeavesNothing() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("gauntlet-\(UUID().uuidString)").path
    try createFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try checkWritable("\(folder)/new.json")
    try writeAtomically("old", to: "\(folder)/old.json")
    try checkWritable("\(folder)/old.json")
    #expect(try String(contentsOfFile: "\(folder)/old.json", encoding: .utf8) == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["old.json"])
    try checkWritable("/dev/stdout")
  }

  @Test(arguments: ["", "/", "/nowhere/file", "/dev/null/file", "a\0b", "/tmp/"])
  func refusesWhatCannotBeWritten(path: String) {
    #expect(throws: FileError.self) { try checkWritable(path) }
  }
}
