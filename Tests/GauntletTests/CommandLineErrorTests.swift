import Foundation
import TestSupport
import Testing

@Suite struct CommandLineErrorTests {
  @Test(arguments: [
    (["evaluate", "--bogus"], "Unknown option '--bogus'"),
    (["evaluate", "--epsilon", "-0.1"], "epsilon '-0.1' is negative"),
    (["evaluate", "--epsilon", "0.1,nan"], "epsilon 'nan' is not finite"),
    (["evaluate", "--epsilon", "0.1,0.1"], "--epsilon names a size twice"),
    (["evaluate", "--limit", "0"], "--limit is to be at least 1, not 0"),
    (["evaluate", "--limit", "x"], "The value 'x' is invalid for '--limit <n>'"),
    (["evaluate", "--offset", "-1"], "--offset is not to be negative: -1"),
    (["evaluate", "--threads", "0"], "--threads is to be 1 to 1024, not 0"),
    (["evaluate", "--batch-size", "0"], "--batch-size is to be 1 to 1024, not 0"),
    (["evaluate", "--range", "1,0"], "--range takes two rising numbers such as 0,1"),
    (["evaluate", "--attack", "nothing"], "there is no attack 'nothing'; there are fgsm"),
    (["evaluate", "--attack", "none", "--attack", "fgsm"], "--attack none excludes other attacks"),
    (
      ["evaluate", "--attack", "mim:setps=3"],
      "attack 'mim': there is no parameter 'setps'; it has decay"
    ),
    (["evaluate", "--attack", "mim:steps=-3"], "attack 'mim': parameter 'steps'"),
    (["evaluate", "--norm", "l7"], "The value 'l7' is invalid for '--norm <norm>'"),
    (["evaluate", "--target", "zebra"], "The value 'zebra' is invalid for '--target <target>'"),
    (["evaluate", "--model", "x.onnx"], "--model is given without --data"),
    (["evaluate", "--json", "a", "--csv", "a"], "--json and --csv are the same file 'a'"),
    (
      ["evaluate", "--gallery", "a", "--export", "a"], "--gallery and --export are the same folder"
    ),
    (["bench", "--threads", "1,1"], "--threads names a number twice"),
    (["bench", "--threads", "1.5"], "--threads are whole numbers from 1 to 1024"),
    (["bench", "nothing"], "no benchmark 'nothing'; there are: paper-mnist/forward"),
    (["attacks", "nothing"], "there is no attack 'nothing'; there are fgsm"),
    (["conquer"], "Unexpected argument 'conquer'"),
  ])
  func aWrongCommandLineIsOneSentenceAndStatus64(arguments: [String], message: String) throws {
    let run = try Command.run(arguments)
    #expect(run.status == 64)
    #expect(run.error.hasPrefix("gauntlet: \(message)"), "\(run.error)")
    #expect(run.error.filter { $0 == "\n" }.count == 1 && run.output == "")
  }

  @Test(arguments: [
    (["--model", "/nowhere/m.onnx", "--data", "/nowhere/d"], "file '/nowhere/d'"),
    (["--json", "/nowhere/r.json"], "file '/nowhere/r.json' cannot be written: No such file"),
    (["--records", "/"], "file '/' cannot be written: Is a directory"),
    (["--csv", "/proc/r.csv"], "file '/proc/r.csv' cannot be written"),
  ])
  func aFileThatCannotBeUsedIsOneSentenceAndStatus65(arguments: [String], message: String) throws {
    let run = try Command.run(["evaluate"] + arguments)
    #expect(run.status == 65)
    #expect(run.error.hasPrefix("gauntlet: \(message)"), "\(run.error)")
    #expect(run.error.filter { $0 == "\n" }.count == 1 && run.output == "")
  }

  @Test func inspectRefusesWhatIsNoModel() throws {
    let text = try Command.run(["inspect", Fixtures.url("png/expected.json").path])
    #expect(text.status == 65 && text.error.contains("expected.json"))
    let image = try Command.run(["inspect", Fixtures.url("png/rgba.png").path])
    #expect(image.status == 65 && image.error.contains("rgba.png"))
    #expect(image.error.filter { $0 == "\n" }.count == 1)
  }

  @Test func helpVersionAndListSucceed() throws {
    for arguments in [
      ["--help"], ["evaluate", "--help"], ["--version"], ["attacks"], ["help", "evaluate"],
      ["--generate-completion-script", "bash"],
    ] {
      let run = try Command.run(arguments)
      #expect(run.status == 0 && run.error == "" && !run.output.isEmpty, "\(arguments)")
    }
    #expect(
      try Command.run(["evaluate", "--help"]).output.contains("gauntlet evaluate --model"))
    #expect(try Command.run(["attacks", "madry"]).output.contains("randomStart"))
  }
}
