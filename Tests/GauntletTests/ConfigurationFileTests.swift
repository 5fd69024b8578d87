import Foundation
import Gauntlet
import Testing

@Suite struct ConfigurationFileTests {
  /// Whatever is wrong with an option of the file, the sentence begins with the file's name.
  @Test(arguments: [
    (#"{"bogus": 3}"#, "Unknown option '--bogus'"),
    (#"{"epochs": "x"}"#, "The value 'x' is invalid for '--epochs <epochs>'"),
    (#"{"epochs": -2}"#, "training: epochs must be 1 to 1048576, not -2"),
    (#"{"limit": -2}"#, "--limit is to be at least 1, not -2"),
    (#"{"learning-rate": -1}"#, "training: learning rate must be more than 0, not -1.0"),
    (#"{"clip": 2}"#, "--clip is not for method sgd but for dp-sgd"),
    (
      #"{"method": "dp-sgd", "noise-multiplier": -1}"#,
      "private training: noise multiplier must be at least 0 and finite, not -1.0"
    ),
  ])
  func faultsOfTheFileNameIt(text: String, message: String) throws {
    try TinyModel.with { tiny in
      try text.write(toFile: tiny.folder + "/o.json", atomically: true, encoding: .utf8)
      let run = try Command.run(
        [
          "train", "--config", "o.json", "--architecture", "linear", "--data", "data.npz",
          "--test-split", "none", "--batch-size", "20", "--output", "x",
        ], in: tiny.folder)
      #expect(run.status == 64)
      #expect(run.error.hasPrefix("gauntlet: configuration 'o.json': \(message)"), "\(run.error)")
      #expect(run.error.filter { $0 == "\n" }.count == 1)
    }
  }

  /// The sentence does not say which option it is about.
  @Test func anOptionIsNamedWhereTheSentenceDoesNot() throws {
    try TinyModel.with { tiny in
      try #"{"architecture": "nope", "epochs": 1}"#.write(
        toFile: tiny.folder + "/o.json", atomically: true, encoding: .utf8)
      let run = try Command.run(
        ["train", "--config", "o.json", "--data", "data.npz", "--output", "x"], in: tiny.folder)
      #expect(run.status == 64)
      #expect(
        run.error.hasPrefix("gauntlet: configuration 'o.json': there is no architecture 'nope'"))
    }
  }

  /// A list of texts is the option repeated, all of it or, where the command line has its own,
  /// none.
  @Test(arguments: [
    ([], ["fgsm:", "madry:", "steps=2"], "mim:"), (["--attack", "mim"], ["mim:"], "fgsm:"),
  ])
  func listsOfTextsRepeatAnOption(
    _ options: [String], _ expected: [String], _ absent: String
  ) throws {
    try TinyModel.with { tiny in
      try #"{"attack": ["fgsm", "madry:steps=2"], "epsilon": "8/255", "epochs": 1}"#.write(
        toFile: tiny.folder + "/o.json", atomically: true, encoding: .utf8)
      let run = try Command.run(
        [
          "train", "--config", "o.json", "--architecture", "linear", "--data", "data.npz",
          "--test-split", "none", "--output", "x",
        ] + options, in: tiny.folder)
      #expect(run.status == 0, "\(run.error)")
      let attack = try #require(
        try NetworkFile.read(tiny.folder + "/x").training?.run.attack)
      #expect(expected.allSatisfy { attack.contains($0) } && !attack.contains(absent), "\(attack)")
    }
  }

  @Test func faultsOfTheCommandLineDoNot() throws {
    try TinyModel.with { tiny in
      try #"{"architecture": "linear", "epochs": 1, "no": false}"#.write(
        toFile: tiny.folder + "/o.json", atomically: true, encoding: .utf8)
      for options in [
        ["--limit", "-2"], ["--epochs", "0"], ["--bogus"], ["--clip", "1"], ["--epoch"],
      ] {
        let run = try Command.run(
          ["train", "--config=o.json", "--data", "data.npz", "--output", "x"] + options,
          in: tiny.folder)
        #expect(run.status == 64 && !run.error.contains("o.json"), "\(run.error)")
      }
    }
  }
}
