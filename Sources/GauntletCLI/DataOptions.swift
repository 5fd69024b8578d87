import ArgumentParser
import Gauntlet

/// Which examples are meant.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder of IDX files (MNIST), of CIFAR-10 batches, of one folder of PNG images for each "
        + "class, or an .npz file with x and y.", valueName: "path"))
  var data: String?

  @Option(help: "The part of the data.")
  var split = "test"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The values that black and white stand for; sizes of attacks are in these units.",
      valueName: "lo,hi"))
  var range: NumberList?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many examples; all where it is not given.", valueName: "n"))
  var limit: Int?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("The index of the first example.", valueName: "n"))
  var offset = 0

  func validate() throws {
    if let range {
      guard range.values.count == 2, range.values[0] < range.values[1] else {
        throw ValidationError("--range takes two rising numbers such as 0,1")
      }
    }
    if let limit, limit < 1 { throw ValidationError("--limit is to be at least 1, not \(limit)") }
    guard offset >= 0 else { throw ValidationError("--offset is not to be negative: \(offset)") }
  }

  /// The smallest and largest value of a pixel.
  var bounds: ClosedRange<Float> { range.map { $0.values[0]...$0.values[1] } ?? 0...1 }

  /// The indices meant of a data set of `count` examples.
  func indices(of count: Int) throws(UsageError) -> Range<Int> {
    guard offset < count else {
      throw UsageError("--offset \(offset) is beyond the data, which hold \(count) examples")
    }
    return offset..<offset + min(limit ?? count, count - offset)
  }
}
