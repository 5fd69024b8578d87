/// When each node of a plan runs, and the memory that is taken from one moment to another.
///
/// Node i runs forward at moment i + 1 and backward at 2T + 1 - i (T nodes); the input is there at
/// 0, the caller reads the output and writes its gradient at T + 1, and reads the input's gradient
/// at the last moment, 2T + 2. The moments of a ``Stage`` come again for every few examples: what
/// is not used in one turn alone is there for the whole chunk, and as long as such turns last.
struct Schedule {
  /// Moments that come again together, for so many examples at a time.
  private struct Turn: Equatable {
    var moments: ClosedRange<Int>
    var capacity: Int
  }

  /// A buffer; `size` is how many floats of it belong to an example, or 0 where every turn takes
  /// all of it again.
  struct Block {
    fileprivate let buffer: Int
    fileprivate let size: Int
  }

  private let nodes: Int
  private let capacity: Int
  private var turns: [Turn]
  private var memory = MemoryPlan()

  init(nodes: Int, stages: [Stage], capacity: Int) {
    self.nodes = nodes
    self.capacity = capacity
    turns = (0...2 * nodes + 2).map { Turn(moments: $0...$0, capacity: capacity) }
    for stage in stages where stage.capacity < capacity {
      let (first, last) = (stage.nodes.lowerBound, stage.nodes.upperBound - 1)
      for moments in [forward(first)...forward(last), backward(last)...backward(first)] {
        for moment in moments {
          turns[moment] = Turn(moments: moments, capacity: stage.capacity)
        }
      }
    }
  }

  func forward(_ node: Int) -> Int { node + 1 }
  func backward(_ node: Int) -> Int { 2 * nodes + 1 - node }
  /// When the caller has the output.
  var middle: Int { nodes + 1 }
  /// When the caller has the input's gradient.
  var end: Int { 2 * nodes + 2 }

  /// How many examples a node runs for at a time.
  func capacity(of node: Int) -> Int { turns[forward(node)].capacity }

  /// `size` floats an example from one moment to another.
  mutating func add(_ size: Int, _ lifetime: ClosedRange<Int>) -> Block {
    let (first, last) = (turns[lifetime.lowerBound], turns[lifetime.upperBound])
    if first == last {
      return Block(buffer: memory.add(first.capacity * size, lifetime), size: 0)
    }
    return Block(
      buffer: memory.add(
        capacity * size, first.moments.lowerBound...last.moments.upperBound), size: size)
  }

  /// `count` floats, aligned to 64 bytes, for all examples of a turn together.
  mutating func add(perTurn count: Int, _ lifetime: ClosedRange<Int>) -> Block {
    let examples = turns[lifetime.lowerBound].capacity
    return add(((count + examples - 1) / examples + 15) / 16 * 16, lifetime)
  }

  /// Puts everything in its place: a function from blocks to what a node sees of them, and the
  /// floats in all.
  func place() -> (place: (Block, Int) -> Plan.Place, count: Int) {
    let (offsets, count) = memory.place()
    return (
      { block, node in
        Plan.Place(offset: offsets[block.buffer], stride: block.size * self.capacity(of: node))
      }, count
    )
  }
}
