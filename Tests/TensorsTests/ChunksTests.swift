import Tensors
import Testing

@Suite struct ChunksTests {
  @Test func agreesWithHandComputedCases() {
    func sizes(_ count: Int, of size: Int, least: Int? = nil, threads: Int) -> [Int] {
      (0..<count).chunks(of: size, least: least, threads: threads).map(\.count)
    }
    #expect(sizes(64, of: 16, threads: 2) == [16, 16, 8, 8, 8, 8])
    #expect(sizes(40, of: 16, threads: 2) == [10, 10, 10, 10])
    #expect(sizes(20, of: 16, threads: 2) == [10, 10])
    #expect(sizes(1, of: 16, threads: 2) == [1])
    #expect(sizes(40, of: 16, threads: 1) == [16, 16, 8])
    #expect(sizes(0, of: 16, threads: 3) == [])
    #expect(sizes(40, of: 16, least: 1, threads: 2) == [10, 10, 5, 5, 2, 2, 1, 1, 1, 1, 1, 1])
    #expect(sizes(40, of: 16, least: 4, threads: 2) == [10, 10, 5, 5, 5, 5])
    #expect(sizes(40, of: 16, least: 16, threads: 2) == [16, 16, 4, 4])
  }

  @Test(arguments: [0, 1, 2, 15, 16, 17, 31, 32, 40, 63, 64, 65, 100, 161, 1000], [1, 2, 3, 7])
  func threadsEndAtAboutTheSameTime(count: Int, threads: Int) {
    for (size, least) in [(1, 1), (2, 1), (16, 8), (16, 1), (32, 16), (32, 1)] {
      let chunks = (5..<5 + count).chunks(of: size, least: least, threads: threads)
      #expect(chunks.flatMap { $0 } == Array(5..<5 + count))
      #expect(chunks.allSatisfy { (1...size).contains($0.count) })
      // No many small pieces.
      let halvings = (size / least).bitWidth - (size / least).leadingZeroBitCount
      #expect(chunks.count <= (count + size - 1) / size + (2 * halvings + 1) * threads)
      // Threads of one speed, and one that is a quarter slower: no more than a piece of the least
      // size after the best that there is.
      for slow in [1, 0.75] where threads > 1 {
        var ends = [Double](repeating: 0, count: threads)
        for chunk in chunks {
          let next = ends.indices.min { ends[$0] < ends[$1] } ?? 0
          ends[next] += Double(chunk.count) / (next == 0 ? slow : 1)
        }
        let best = Double(count) / (Double(threads - 1) + slow)
        #expect((ends.max() ?? 0) <= best + Double(least + 1) / slow, "\(size) \(slow)")
      }
    }
  }
}
