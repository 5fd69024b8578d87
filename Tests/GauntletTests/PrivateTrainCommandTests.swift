import Foundation
import Gauntlet
import TestSupport
import Testing

@Suite struct PrivateTrainCommandTests {
  private static let arguments = [
    "train", "--architecture", "linear", "--data", "data.npz", "--test-split", "none", "--method",
    "dp-sgd", "--batch-size", "10", "--noise-multiplier", "1.5", "--warm-up", "0", "--threads", "1",
  ]

  @Test func writesWhatTheResultIsWorthBesideIt() throws {
    try TinyModel.with { tiny in
      let run = try Command.run(
        Self.arguments + ["--epochs", "3", "--output", "private"], in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      // Nothing that training data answered is told.
      #expect(!run.error.contains("loss") && !run.error.contains("accuracy"))
      let path = tiny.folder + "/private"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path + ".privacy.json"))
      let statement = try JSONDecoder().decode(PrivacyStatement.self, from: bytes)
      #expect(statement.steps == 12 && statement.examples == TinyModel.count)
      #expect(statement.parameters?.samplingRate == 0.25)
      #expect(statement.parameters?.noiseMultiplier == 1.5)
      #expect(statement.parameters?.randomness == .secure)
      let expected = try PLDAccountant().epsilon(
        of: statement.event, delta: 1e-5)
      #expect(statement.claim == .init(epsilon: expected, delta: 1e-5))
      #expect(run.output.contains("privacy    epsilon \(expected) at delta 1e-05"))
      #expect(try NetworkFile.read(path).training?.loss == nil)
      // Nor is what would confirm a guess of the data.
      let written = try String(contentsOfFile: path + ".json", encoding: .utf8)
      #expect(written.contains("\"data\": \"private\""))
      #expect(!written.contains("sha256 "))
      // A network trained without privacy takes the name, and its statement says so.
      let plain = try Command.run(
        [
          "train", "--architecture", "linear", "--data", "data.npz", "--test-split", "none",
          "--epochs", "1", "--output", "private",
        ], in: tiny.folder)
      #expect(plain.status == 0, "\(plain.error)")
      #expect(plain.output.contains("privacy    none"))
      let none = try JSONDecoder().decode(
        PrivacyStatement.self,
        from: Data(contentsOf: URL(fileURLWithPath: path + ".privacy.json")))
      #expect(none.method == "sgd" && none.claim.epsilon == nil && !none.violations.isEmpty)
    }
  }

  @Test func noiseIsFoundForThePrivacyAskedFor() throws {
    try TinyModel.with { tiny in
      let options = Self.arguments.filter { $0 != "--noise-multiplier" && $0 != "1.5" }
      let run = try Command.run(
        options + ["--target-epsilon", "3", "--delta", "1e-3", "--epochs", "2", "--output", "p"],
        in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      let statement = try JSONDecoder().decode(
        PrivacyStatement.self,
        from: Data(contentsOf: URL(fileURLWithPath: tiny.folder + "/p.privacy.json")))
      #expect(statement.claim == .init(epsilon: 3, delta: 1e-3))
      let audited = try #require(statement.audits[0].epsilon)
      #expect(audited <= 3 && audited > 2.99)
    }
  }

  /// Publishing one example at random would satisfy such a delta; whoever asks for it may have it.
  @Test func aDeltaThatCoversAnExampleIsWarnedAbout() throws {
    try TinyModel.with { tiny in
      let run = try Command.run(
        Self.arguments + ["--epochs", "1", "--delta", "0.025", "--quiet", "--output", "p"],
        in: tiny.folder)
      #expect(run.status == 0)
      #expect(run.error.hasPrefix("gauntlet: a delta of 0.025 is not below 1 / 40: "))
      let statement = try JSONDecoder().decode(
        PrivacyStatement.self,
        from: Data(contentsOf: URL(fileURLWithPath: tiny.folder + "/p.privacy.json")))
      #expect(statement.claim.delta == 0.025)
      #expect(statement.assumptions.contains { $0.hasPrefix("a delta of 0.025, not below 1 / 40") })
      let usual = try Command.run(
        Self.arguments + ["--epochs", "1", "--quiet", "--output", "p"], in: tiny.folder)
      #expect(usual.error.isEmpty)
      let text = try String(contentsOfFile: tiny.folder + "/p.privacy.json", encoding: .utf8)
      #expect(!text.contains("a delta of"))
    }
  }

  /// Killed at some step and gone on with other threads: the same weights, to the bit.
  @Test func aKilledRunGoesOnToTheSameWeights() throws {
    try TinyModel.with { tiny in
      let options = Self.arguments + ["--randomness", "seeded", "--epochs", "150", "--seed", "3"]
      func weights(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(tiny.folder)/\(name).safetensors"))
      }
      let whole = try Command.run(options + ["--output", "whole"], in: tiny.folder)
      #expect(whole.status == 0, "\(whole.error)")

      let checkpoint = tiny.folder + "/killed.checkpoint"
      try Command.kill(
        options + ["--output", "killed", "--quiet"], in: tiny.folder,
        onceThereIs: checkpoint)
      try #require(FileManager.default.fileExists(atPath: checkpoint))
      let rest = try Command.run(
        options + ["--output", "killed", "--resume", "--threads", "3", "--micro-batch", "4"],
        in: tiny.folder)
      #expect(rest.status == 0, "\(rest.error)")
      #expect(try weights("killed") == weights("whole"))
      let statement = try JSONDecoder().decode(
        PrivacyStatement.self,
        from: Data(contentsOf: URL(fileURLWithPath: tiny.folder + "/killed.privacy.json")))
      #expect(statement.steps == 600)
    }
  }

  @Test func optionsMayStandInAFile() throws {
    try TinyModel.with { tiny in
      let file = tiny.folder + "/options.json"
      try """
      {"architecture": "linear", "method": "dp-sgd", "noise-multiplier": 2, "batch-size": 8,
       "epochs": 2, "test-split": "none", "clipping": "per-layer", "nesterov": true,
       "mean": [0.5], "flip": false, "data": "nowhere", "randomness": "seeded"}
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let run = try Command.run(
        [
          "train", "--config", file, "--data", "data.npz", "--output", "a", "--epochs=1",
        ], in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      let statement = try JSONDecoder().decode(
        PrivacyStatement.self,
        from: Data(contentsOf: URL(fileURLWithPath: tiny.folder + "/a.privacy.json")))
      #expect(statement.steps == 5)
      #expect(statement.parameters?.clipping == GradientClipping(norm: 1, scope: .perLayer))
      #expect(statement.parameters?.noiseMultiplier == 2)
    }
  }

  private static let configurations =
    (try? FileManager.default.contentsOfDirectory(atPath: Fixtures.url("configurations").path))?
    .filter { $0.hasSuffix(".json") }.sorted() ?? []

  @Test func everySystemHasConfigurations() {
    for name in TrainingSystems.names {
      #expect(Self.configurations.contains("mnist-\(name).json"), "\(name)")
      #expect(Self.configurations.contains("mnist-\(name)-quick.json"), "\(name)")
    }
  }

  /// On other data and for one epoch: every option of the package's files is understood.
  @Test(arguments: configurations)
  func thePackagesConfigurationsRun(_ name: String) throws {
    try TinyModel.with { tiny in
      // Small images with the channels of the file's data.
      let shape = [40, name.hasPrefix("cifar") ? 3 : 1, 8, 8]
      let values = RandomKey(seed: 6, purpose: .test).uniforms(shape.reduce(1, *))
      try writeNPZ(
        [
          ("x", NumpyArray(Tensor(shape: shape, values: values))),
          ("y", NumpyArray((0..<40).map { $0 % 10 })),
        ], to: tiny.folder + "/images.npz")
      let run = try Command.run(
        [
          "train", "--config", Fixtures.url("configurations/" + name).path, "--data", "images.npz",
          "--test-split", "none", "--batch-size", "10", "--epochs", "1", "--output", "a",
        ], in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
    }
  }

  @Test(arguments: [
    (["--method", "magic"], "method 'magic' does not exist"),
    (["--clip", "1"], "--clip is not for method sgd but for dp-sgd"),
    (
      ["--method", "dp-sgd"],
      "private training: noise needs either a noise multiplier or a target epsilon"
    ),
    (
      ["--method", "dp-sgd", "--noise-multiplier=-1"],
      "private training: noise multiplier must be at least 0 and finite, not -1.0"
    ),
    (
      ["--method", "dp-sgd", "--noise-multiplier", "1", "--micro-batch", "5"],
      "private training: micro-batch must divide 16, not 5"
    ),
    (
      ["--method", "dp-sgd", "--noise-multiplier", "1", "--batch-size", "41"],
      "private training: batch size 41 is more than the 40 examples"
    ),
    (
      ["--method", "dp-sgd", "--noise-multiplier", "1", "--delta", "1"],
      "private training: delta must be in (0, 1), not 1.0"
    ),
    (
      ["--method", "dp-sgd", "--noise-multiplier", "1", "--delta", "0"],
      "private training: delta must be in (0, 1), not 0.0"
    ),
    (
      ["--method", "dp-sgd", "--target-epsilon", "1", "--delta", "1e-14"],
      "no noise multiplier up to 1e6 reaches epsilon 1.0"
    ),
    (["--config", "data.npz"], "configuration 'data.npz': is to be a JSON object of options"),
  ])
  func wrongOptionsAreOneSentence(options: [String], message: String) throws {
    try TinyModel.with { tiny in
      let run = try Command.run(
        [
          "train", "--architecture", "linear", "--data", "data.npz", "--test-split", "none",
          "--batch-size=20", "--output", "x",
        ].filter { !options.contains("--batch-size") || $0 != "--batch-size=20" } + options,
        in: tiny.folder)
      #expect(run.status == 64)
      #expect(run.error.hasPrefix("gauntlet: \(message)"), "\(run.error)")
      #expect(run.error.filter { $0 == "\n" }.count == 1)
    }
  }

  /// Data without splits: the accuracy of a test would be that of the training data.
  @Test func doesNotTestOnPrivateData() throws {
    try TinyModel.with { tiny in
      let arguments = Self.arguments.filter { $0 != "--test-split" && $0 != "none" }
      let run = try Command.run(
        arguments + ["--epochs", "1", "--output", "p"], in: tiny.folder)
      #expect(run.status == 64)
      #expect(
        run.error.contains("split 'test' is the training data, whose accuracy would tell of them"))
    }
  }
}
