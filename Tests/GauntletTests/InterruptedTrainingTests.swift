import Foundation
import Gauntlet
import Testing

/// What is left of a private run when the machine turns against it.
@Suite struct InterruptedTrainingTests {
  /// 40 steps an epoch.
  private static let arguments = [
    "train", "--architecture", "linear", "--data", "data.npz", "--test-split", "none", "--method",
    "dp-sgd", "--batch-size", "1", "--noise-multiplier", "1.5", "--warm-up", "0", "--threads", "1",
    "--randomness", "seeded", "--seed", "3", "--delta", "1e-3", "--quiet",
  ]

  private static func weights(_ tiny: TinyModel, _ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(tiny.folder)/\(name).safetensors"))
  }

  private static func statement(_ tiny: TinyModel, _ name: String) throws -> PrivacyStatement {
    try JSONDecoder().decode(
      PrivacyStatement.self,
      from: Data(contentsOf: URL(fileURLWithPath: "\(tiny.folder)/\(name).privacy.json")))
  }

  /// Starts a run, and kills it some time after it wrote its next checkpoint.
  ///
  /// - Returns: false where the run came to its end before that.
  private static func killed(
    _ options: [String], in tiny: TinyModel, _ name: String, after microseconds: UInt32
  ) throws -> Bool {
    guard let executable = Command.executable else { throw Command.Missing() }
    let checkpoint = "\(tiny.folder)/\(name).checkpoint"
    func version() -> Int? {
      (try? FileManager.default.attributesOfItem(atPath: checkpoint)[.systemFileNumber]) as? Int
    }
    let before = version()
    let process = Process()
    process.executableURL = executable
    process.arguments =
      arguments + options + ["--output", name] + (before == nil ? [] : ["--resume"])
    process.currentDirectoryURL = URL(fileURLWithPath: tiny.folder)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while process.isRunning, version() == before || version() == nil { usleep(200) }
    usleep(microseconds)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal
  }

  /// Killed at twenty moments, some of them in the middle of writing a checkpoint, and gone on with
  /// each time: the weights of the run that was left alone, and every noisy step counted once.
  @Test func aRunKilledTwentyTimesEndsAsIfItHadNotBeen() throws {
    try TinyModel.with { tiny in
      let whole = try Command.run(
        Self.arguments + ["--epochs", "150", "--output", "whole"], in: tiny.folder)
      #expect(whole.status == 0, "\(whole.error)")
      let moments = RandomKey(seed: 77, purpose: .test).uniforms(20)
      for moment in moments {
        let wasKilled = try Self.killed(
          ["--epochs", "150", "--checkpoint-every", "1"], in: tiny, "killed",
          after: UInt32(moment * 8000))
        try #require(wasKilled)
      }
      let rest = try Command.run(
        Self.arguments + ["--epochs", "150", "--output", "killed", "--resume"], in: tiny.folder)
      #expect(rest.status == 0, "\(rest.error)")
      #expect(try Self.weights(tiny, "killed") == Self.weights(tiny, "whole"))
      let (statement, reference) = (
        try Self.statement(tiny, "killed"), try Self.statement(tiny, "whole")
      )
      #expect(statement.steps == 6000 && statement.claim == reference.claim)
      #expect(statement.audits == reference.audits)
      // Nothing half-written stays.
      let names = try FileManager.default.contentsOfDirectory(atPath: tiny.folder)
      #expect(!names.contains { $0.hasSuffix(".partial") || $0.hasSuffix(".checkpoint") })
    }
  }

  /// No file may grow beyond 1 KB, less than a checkpoint.
  @Test func aFullDiskLeavesTheLastCheckpoint() throws {
    try TinyModel.with { tiny in
      let options = ["--epochs", "100"]
      _ = try Self.killed(options, in: tiny, "full", after: 0)
      let checkpoint = URL(fileURLWithPath: tiny.folder + "/full.checkpoint")
      let last = try Data(contentsOf: checkpoint)
      #expect(last.count > 1024)
      guard let executable = Command.executable else { throw Command.Missing() }
      let process = Process()
      let errors = Pipe()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments =
        ["-c", "ulimit -f 1; exec \"$0\" \"$@\"", executable.path] + Self.arguments + options
        + ["--output", "full", "--resume"]
      process.currentDirectoryURL = URL(fileURLWithPath: tiny.folder)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = errors
      try process.run()
      let said = String(
        decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 65)
      #expect(said == "gauntlet: file 'full.checkpoint' cannot be written: File too large\n")
      #expect(try Data(contentsOf: checkpoint) == last)
      let names = try FileManager.default.contentsOfDirectory(atPath: tiny.folder)
      #expect(!names.contains { $0.hasSuffix(".partial") })

      for name in ["full", "whole"] {
        let run = try Command.run(
          Self.arguments + options + ["--output", name] + (name == "full" ? ["--resume"] : []),
          in: tiny.folder)
        #expect(run.status == 0, "\(run.error)")
      }
      #expect(try Self.weights(tiny, "full") == Self.weights(tiny, "whole"))
    }
  }

  /// Each is refused with what differs, and the checkpoint stays for the run that it is of.
  @Test(arguments: [
    (["--noise-multiplier", "1"], "belongs to another run: method is "),
    (["--clip", "2"], "belongs to another run: method is "),
    (["--batch-size", "2"], "belongs to another run: "),
    (["--seed", "4"], "belongs to another run: configuration.seed is 3, not 4"),
    (["--limit", "39"], "belongs to another run: "),
    (["--data", "other.npz"], "belongs to another run: data is "),
    (["--method", "sgd"], "belongs to another run: "),
  ])
  func theCheckpointOfAnotherRunIsRefused(changes: [String], message: String) throws {
    try TinyModel.with { tiny in
      try tiny.write(
        [Float](repeating: 0.5, count: 40 * 16), [Int](repeating: 1, count: 39) + [2],
        to: tiny.folder + "/other.npz")
      _ = try Self.killed(["--epochs", "100"], in: tiny, "net", after: 0)
      let checkpoint = URL(fileURLWithPath: tiny.folder + "/net.checkpoint")
      let last = try Data(contentsOf: checkpoint)
      var arguments = Self.arguments
      if changes == ["--method", "sgd"] {
        let own = ["--noise-multiplier", "1.5", "--randomness", "seeded", "--delta", "1e-3"]
        arguments.removeAll { own.contains($0) }
      }
      for (name, value) in zip(changes, changes.dropFirst()) where name.hasPrefix("--") {
        if let index = arguments.firstIndex(of: name) {
          arguments[index + 1] = value
        } else {
          arguments += [name, value]
        }
      }
      let run = try Command.run(
        arguments + ["--epochs", "100", "--output", "net", "--resume"], in: tiny.folder)
      #expect(run.status == 65)
      #expect(
        run.error.hasPrefix("gauntlet: file 'net.checkpoint': \(message)"), "\(run.error)")
      #expect(try Data(contentsOf: checkpoint) == last)
    }
  }

  /// Systems that remember more than weights: killed, refused for another budget, gone on with.
  @Test(arguments: [
    ["--method", "secure-sgd:size=0.01"],
    ["--method", "secure-sgd:size=0.01,r=private-relevance"],
    ["--method", "optimized-noise"], ["--method", "adlm"],
    ["--method", "stobatch", "--attack", "fgsm", "--epsilon", "0.1"],
  ])
  func everySystemGoesOn(_ method: [String]) throws {
    try TinyModel.with { tiny in
      let options =
        [
          "train", "--architecture", "mlp", "--data", "data.npz", "--test-split", "none",
          "--batch-size", "10", "--warm-up", "0", "--learning-rate", "0.01", "--seed", "3",
          "--delta", "1e-3", "--randomness", "seeded", "--epochs", "30", "--checkpoint-every", "1",
          "--quiet",
        ] + method
      let whole = try Command.run(
        options + ["--target-epsilon", "3", "--output", "whole"], in: tiny.folder)
      #expect(whole.status == 0, "\(whole.error)")
      let checkpoint = tiny.folder + "/killed.checkpoint"
      try Command.kill(
        options + ["--target-epsilon", "3", "--output", "killed"], in: tiny.folder,
        onceThereIs: checkpoint)
      try #require(FileManager.default.fileExists(atPath: checkpoint))
      let other = try Command.run(
        options + ["--target-epsilon", "2", "--output", "killed", "--resume"], in: tiny.folder)
      #expect(other.status == 65)
      #expect(other.error.contains("belongs to another run: method is "), "\(other.error)")
      let rest = try Command.run(
        options + ["--target-epsilon", "3", "--output", "killed", "--resume", "--threads", "3"],
        in: tiny.folder)
      #expect(rest.status == 0, "\(rest.error)")
      for ending in [".safetensors", ".json"] {
        let files = try ["whole", "killed"].map { name in
          let path = "\(tiny.folder)/\(name)\(ending)"
          let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
          return String(decoding: bytes, as: UTF8.self).replacing(name, with: "name")
        }
        #expect(files[0] == files[1], "\(ending)")
      }
    }
  }
}
