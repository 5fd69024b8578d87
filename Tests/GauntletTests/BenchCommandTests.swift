import Foundation
import Testing

@Suite struct BenchCommandTests {
  private struct Line: Decodable {
    struct Speedup: Decodable { var median, low, high, ofFastest: Double }
    var work: String
    var threads: Int
    var itemsPerSecond, itemsPerProcessorSecond, seconds, error: Double
    var rounds, items: Int
    var speedup, copiesSpeedup: Speedup?
  }

  @Test func numbersOfThreadsAreMeasuredInTurn() throws {
    let run = try Command.run(["bench", "normals", "--threads", "1,2", "--seconds", "0"])
    #expect(run.status == 0, "\(run.error)")
    let lines = try run.output.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(lines.map(\.work) == ["normals", "normals"] && lines.map(\.threads) == [1, 2])
    for line in lines {
      #expect(line.rounds >= 3 && line.itemsPerProcessorSecond > 0 && line.error < 0.01)
      let rate = line.itemsPerSecond * line.seconds / Double(line.items)
      #expect(abs(rate - 1) < 1e-9)
    }
    #expect(lines[0].speedup == nil && lines[0].copiesSpeedup == nil)
    for speedup in [lines[1].speedup, lines[1].copiesSpeedup] {
      let speedup = try #require(speedup)
      #expect(0 < speedup.low && speedup.low <= speedup.median && speedup.median <= speedup.high)
      #expect(speedup.ofFastest > 0)
    }
  }

  @Test func oneNumberOfThreadsIsComparedWithNothing() throws {
    let run = try Command.run(["bench", "normals", "--threads", "2", "--seconds", "0"])
    #expect(run.status == 0 && !run.output.contains("peedup"), "\(run.error)")
  }
}
