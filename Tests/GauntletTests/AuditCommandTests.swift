import Foundation
import Gauntlet
import Testing

@Suite struct AuditCommandTests {
  private static let arguments = [
    "audit", "--architecture", "linear", "--data", "data.npz", "--method", "dp-sgd",
    "--batch-size", "10", "--warm-up", "0", "--epochs", "5", "--randomness", "seeded", "--delta",
    "1e-3",
  ]

  @Test func saysWhatARunHasAtLeastBesideWhatItClaims() throws {
    try TinyModel.with { tiny in
      let options = Self.arguments + ["--noise-multiplier", "1", "--canaries", "51"]
      let run = try Command.run(options + ["--json", "a.json"], in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      let result = try JSONDecoder().decode(
        AuditResult.self, from: Data(contentsOf: URL(fileURLWithPath: tiny.folder + "/a.json")))
      let claimed = try #require(result.claimedEpsilon)
      let event = PrivacyEvent.selfComposed(
        .poissonSampledGaussian(rate: 0.25, noiseMultiplier: 1), count: 20)
      #expect(try claimed == PLDAccountant().epsilon(of: event, delta: 1e-3))
      #expect(result.epsilonLowerBound <= claimed && result.guesses.canaries == 51)
      #expect(run.output.contains("claim      epsilon"))
      #expect(run.output.contains("verdict    nothing found against the claim"))
      // The same to the bit with other threads, as JSON alone.
      let again = try Command.run(
        options + ["--threads", "3", "--json", "-", "--quiet"], in: tiny.folder)
      #expect(again.status == 0 && again.error.isEmpty)
      #expect(try again.output == result.json())
    }
  }

  @Test func auditsByImages() throws {
    try TinyModel.with { tiny in
      let run = try Command.run(
        Self.arguments + [
          "--noise-multiplier", "0", "--canaries", "30", "--canary-kind", "image",
        ], in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("canaries   30 (image)"))
      #expect(run.output.contains("verdict    no claim to hold against the bound"))
    }
  }

  @Test func optionsMayStandInAFile() throws {
    try TinyModel.with { tiny in
      let file = tiny.folder + "/options.json"
      try """
      {"architecture": "linear", "method": "dp-sgd", "target-epsilon": 3, "batch-size": 8,
       "delta": 1e-3, "epochs": 2, "canaries": 20}
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let run = try Command.run(
        ["audit", "--config", file, "--data", "data.npz"], in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("claim      epsilon 3 at delta 0.001"))
    }
  }

  @Test func ctrlCLeavesNothing() throws {
    try TinyModel.with { tiny in
      guard let executable = Command.executable else { throw Command.Missing() }
      let process = Process()
      process.executableURL = executable
      process.arguments =
        Self.arguments.map { $0 == "5" ? "1000000" : $0 } + [
          "--noise-multiplier", "1000", "--canaries", "51", "--json", "a.json",
        ]
      process.currentDirectoryURL = URL(fileURLWithPath: tiny.folder)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      let before = try FileManager.default.contentsOfDirectory(atPath: tiny.folder).sorted()
      try process.run()
      usleep(700_000)
      process.interrupt()
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      #expect(try FileManager.default.contentsOfDirectory(atPath: tiny.folder).sorted() == before)
    }
  }

  @Test(arguments: [
    (["--noise-multiplier", "1", "--canaries", "52"], "parameters, not 52"),
    (
      ["--noise-multiplier", "1", "--canary-kind", "image", "--canaries", "41"],
      "40 examples, not 41"
    ),
    (["--noise-multiplier", "1", "--confidence", "1"], "--confidence is to be between 0 and 1"),
    ([], "noise needs either a noise multiplier or a target epsilon"),
    (["--method", "sgd"], "--delta is not for method sgd but for dp-sgd"),
  ])
  func wrongOptionsAreOneSentence(options: [String], message: String) throws {
    try TinyModel.with { tiny in
      var arguments = Self.arguments + options
      if options.contains("plain") {
        arguments = [
          "audit", "--architecture", "linear", "--data", "data.npz", "--method", "plain",
        ]
      }
      let run = try Command.run(arguments, in: tiny.folder)
      #expect(run.status == 64)
      #expect(run.error.contains(message), "\(run.error)")
      #expect(run.error.filter { $0 == "\n" }.count == 1)
    }
  }

  /// Noise that is shared is taken away; the published claim is called what it is.
  @Test(arguments: ["stobatch:form=published", "adlm:form=published"])
  func sharedNoiseIsReconstructed(_ method: String) throws {
    try TinyModel.with { tiny in
      let attacks = method.hasPrefix("stobatch") ? ["--attack", "fgsm", "--epsilon", "0.1"] : []
      let run = try Command.run(
        [
          "audit", "--architecture", "mlp", "--data", "data.npz", "--method", method,
          "--target-epsilon", "2", "--batch-size", "10", "--epochs", "2", "--threads", "1",
          "--json", "audit.json",
        ] + attacks, in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("VIOLATION: what is shown tells the data; epsilon is infinite"))
      let result = try JSONDecoder().decode(
        SharedNoiseAudit.self,
        from: Data(contentsOf: URL(fileURLWithPath: tiny.folder + "/audit.json")))
      #expect(result.isViolation && result.claimedEpsilon == 2)
    }
  }

  /// Canaries are put in or left out, and say nothing of one example in another's place.
  @Test func canariesAreForOneExampleMoreOrLess() throws {
    try TinyModel.with { tiny in
      let run = try Command.run(
        [
          "audit", "--architecture", "mlp", "--data", "data.npz", "--method", "adlm",
          "--target-epsilon", "2", "--batch-size", "10", "--epochs", "1", "--canary-kind", "image",
          "--canaries", "10",
        ], in: tiny.folder)
      #expect(run.status == 64)
      #expect(run.error.contains("that of method adlm is for one replaced"), "\(run.error)")
    }
  }
}
