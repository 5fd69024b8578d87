/// Places buffers with known lifetimes in one block of memory so that those alive together do not
/// overlap: first fit in order of birth.
struct MemoryPlan {
  struct Buffer {
    /// In floats; rounded up to whole cache lines.
    var count: Int
    /// First and last moment of use.
    var lifetime: ClosedRange<Int>
  }

  private(set) var buffers: [Buffer] = []

  /// Declares a buffer and returns its handle.
  mutating func add(_ count: Int, _ lifetime: ClosedRange<Int>) -> Int {
    buffers.append(Buffer(count: (count + 15) / 16 * 16, lifetime: lifetime))
    return buffers.count - 1
  }

  /// The offset of each buffer in floats, and the size of the block. O(n^2) in the buffers.
  func place() -> (offsets: [Int], count: Int) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var alive: [Int] = []
    var total = 0
    for index in buffers.indices.sorted(by: {
      (buffers[$0].lifetime.lowerBound, $0) < (buffers[$1].lifetime.lowerBound, $1)
    }) {
      let buffer = buffers[index]
      alive.removeAll { buffers[$0].lifetime.upperBound < buffer.lifetime.lowerBound }
      alive.sort { offsets[$0] < offsets[$1] }
      var offset = 0
      for other in alive where offsets[other] < offset + buffer.count {
        offset = max(offset, offsets[other] + buffers[other].count)
      }
      offsets[index] = offset
      alive.append(index)
      total = max(total, offset + buffer.count)
    }
    return (offsets, total)
  }
}
