import Foundation

/// The command `gauntlet` as a process.
struct Command {
  var status: Int32
  var output: String
  var error: String

  /// The executable that was built beside the tests, in the same configuration.
  static let executable: URL? = {
    var folder = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
      .resolvingSymlinksInPath()
    if let build = Bundle.allBundles.map(\.bundleURL).first(where: {
      $0.pathExtension == "xctest"
    }) {
      folder = build
    }
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      for name in ["gauntlet", "GauntletCLI"] {
        let candidate = folder.appendingPathComponent(name)
        if FileManager.default.isExecutableFile(atPath: candidate.path),
          (try? candidate.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true
        {
          return candidate
        }
      }
    }
    return nil
  }()

  struct Missing: Error {}

  /// Runs the command to its end.
  ///
  /// - Parameter interruptAfter: sends Ctrl-C once this file has grown to some lines.
  static func run(
    _ arguments: [String], in folder: String? = nil, interruptAfter file: String? = nil
  ) throws -> Command {
    guard let executable else { throw Missing() }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    // Files take what a full pipe would block.
    let temporary = FileManager.default.temporaryDirectory
    let streams = ["out", "err"].map {
      temporary.appendingPathComponent("gauntlet-\(UUID().uuidString).\($0)")
    }
    for stream in streams { _ = FileManager.default.createFile(atPath: stream.path, contents: nil) }
    defer { for stream in streams { try? FileManager.default.removeItem(at: stream) } }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: streams[0])
    process.standardError = try FileHandle(forWritingTo: streams[1])
    try process.run()
    if let file {
      while process.isRunning {
        let size = (try? FileManager.default.attributesOfItem(atPath: file)[.size]) as? Int ?? 0
        if size > 0 {
          process.interrupt()
          break
        }
        usleep(5000)
      }
    }
    process.waitUntilExit()
    return Command(
      status: process.terminationStatus,
      output: try String(contentsOf: streams[0], encoding: .utf8),
      error: try String(contentsOf: streams[1], encoding: .utf8))
  }

  /// Runs it until a file is there, then kills it with SIGKILL.
  static func kill(_ arguments: [String], in folder: String, onceThereIs path: String) throws {
    guard let executable else { throw Missing() }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while process.isRunning, !FileManager.default.fileExists(atPath: path) { usleep(500) }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
