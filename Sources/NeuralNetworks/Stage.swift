internal import Tensors

/// Consecutive nodes that are run for a few examples of a chunk, then for the next few, so that what
/// lies between them stays in a core's cache; the nodes behind them see the chunk as a whole.
package struct Stage: Equatable {
  package var nodes: Range<Int>
  /// The most examples at a time.
  package var capacity: Int

  package init(nodes: Range<Int>, capacity: Int) {
    self.nodes = nodes
    self.capacity = capacity
  }

  /// Floats that a node may read and write at a time: 2 MiB.
  private static let cache = 1 << 19

  /// Stages for all nodes of a network, cut where one value alone is passed on.
  ///
  /// In training there is one: gradients are summed over the chunk, and read what lies between.
  package static func stages(
    of network: Network, capacity: Int, purpose: Plan.Purpose
  ) -> [Stage] {
    let nodes = network.nodes
    guard !purpose.isTraining, !nodes.isEmpty else {
      return [Stage(nodes: nodes.indices, capacity: capacity)]
    }
    var lastReader = Array(-1..<nodes.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { lastReader[input] = index }
    }
    lastReader[network.output] = nodes.count
    var stages: [(nodes: Range<Int>, needs: Needs)] = []
    var start = 0
    for end in 1...nodes.count
    where end == nodes.count || (0...end).count(where: { lastReader[$0] >= end }) == 1 {
      let needs = needs(of: network, in: start..<end)
      if let last = stages.last {
        let both = Needs(
          fitting: min(last.needs.fitting, needs.fitting), group: max(last.needs.group, needs.group)
        )
        let examples = min(both.examples, capacity)
        // What passes between two stages goes through memory for the whole chunk.
        if examples == min(last.needs.examples, needs.examples, capacity) {
          stages[stages.count - 1] = (last.nodes.lowerBound..<end, both)
          start = end
          continue
        }
      }
      stages.append((start..<end, needs))
      start = end
    }
    return stages.map { Stage(nodes: $0.nodes, capacity: min($0.needs.examples, capacity)) }
  }

  /// How many examples nodes should be given at a time: as many as the cache has room for, a power
  /// of two, but enough for the weights they read.
  private struct Needs {
    var fitting: Int
    var group: Int
    var examples: Int { max(fitting, group) }
  }

  private static func needs(of network: Network, in nodes: Range<Int>) -> Needs {
    var largest = 1
    var group = 1
    for index in nodes where !network.nodes[index].layer.isView {
      let node = network.nodes[index]
      let inputs = node.inputs.map { network.shapes[$0] }
      let sizes = (inputs + [network.shapes[index + 1]]).map(\.elementCount)
      largest = max(largest, sizes.reduce(0, +))
      group = max(group, node.layer.group(for: inputs))
    }
    let fitting = max(cache / largest, 1)
    return Needs(fitting: 1 << (Int.bitWidth - 1 - fitting.leadingZeroBitCount), group: group)
  }
}
