import ArgumentParser
import Benchmarks
import Foundation

/// `gauntlet bench`: how fast this machine does the package's work.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times networks, attacks and random numbers; one line of JSON each.",
    discussion: """
      Every answer is compared with a reference in double precision before it is timed. The first \
      thing measured is what a large matrix product reaches on one core; effective GFLOP/s count \
      the operations of a direct convolution, whatever the algorithm really does. Numbers of \
      threads are timed in turn; with 1 among them the others have a speedup over it, and that of \
      as many copies of the work at once, which is what the machine has to give: medians of the \
      turns with an interval of 95 %, and from the fastest turns.

      EXAMPLES
        gauntlet bench
        gauntlet bench paper-mnist/ --threads 1,2
        gauntlet bench /forward /fgsm --seconds 5
        gauntlet bench convolution --seconds 0.3      every route for every shape; only if named
      """)

  @Argument(
    help: ArgumentHelp(
      "Only those whose 'model/work' contains one of these.", valueName: "name"))
  var only: [String] = []

  @Option(help: ArgumentHelp("Numbers of threads, measured in turn.", valueName: "n,n"))
  var threads = NumberList.one

  @Option(help: ArgumentHelp("How long each is repeated; at least 0.3.", valueName: "s"))
  var seconds = 1.0

  @Option(
    help: ArgumentHelp(
      "The most examples computed together by one thread (default: by the network's memory).",
      valueName: "n"))
  var chunk: Int?

  func validate() throws {
    guard chunk.map({ $0 >= 1 && $0 <= 1 << 16 }) ?? true else {
      throw ValidationError("--chunk is to be 1 to 65536")
    }
    guard threads.values.allSatisfy({ $0 >= 1 && $0 <= 1024 && $0 == $0.rounded() }) else {
      throw ValidationError("--threads are whole numbers from 1 to 1024")
    }
    guard Set(threads.values).count == threads.values.count else {
      throw ValidationError("--threads names a number twice")
    }
    guard seconds >= 0, seconds < 3600 else {
      throw ValidationError("--seconds is to be 0 to 3600, not \(seconds)")
    }
  }

  func run() throws {
    var options = Benchmarks.Options()
    options.only = only
    options.threads = threads.values.map { Int($0) }
    options.seconds = seconds
    options.chunk = chunk
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try Benchmarks.run(options) { result in
      Terminal.print(String(decoding: try encoder.encode(result), as: UTF8.self) + "\n")
    }
  }
}

extension NumberList {
  /// The list of the number one.
  static let one = NumberList(values: [1])

  init(values: [Float]) { self.values = values }

  var defaultValueDescription: String { values.map { $0.formatted() }.joined(separator: ",") }
}
