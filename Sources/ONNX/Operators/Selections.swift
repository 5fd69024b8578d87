import NeuralNetworks
import Tensors

extension Operator {
  /// Operators that choose, repeat, join or surround elements.
  static let selections: [String: Operator] = [
    "Slice": Operator(.moves, slice),
    "Gather": Operator(.moves, gather),
    "Split": Operator(.moves, split),
    "Tile": Operator(.moves) { (node, builder) throws(ONNXProblem) in
      var x = try builder.activation(try node.input(0), for: node)
      guard let repeats = try node.optionalIntegers(1), repeats.count == x.shape.count,
        repeats.allSatisfy({ $0 > 0 && $0 <= GraphBuilder.limit })
      else { throw node.problem("its repeats do not fit \(x.shape)") }
      for (axis, count) in repeats.enumerated() where count > 1 {
        let extent = x.shape[axis]
        guard let total = [extent, count].checkedElementCount, total <= GraphBuilder.limit else {
          throw node.problem("repeats \(count) times")
        }
        x = try builder.select(x, axis: axis, (0..<total).map { $0 % extent }, for: node)
      }
      return [.activation(x)]
    },
    "Pad": Operator(.evaluates, pad),
    "Concat": Operator(.computes(join), concatenate),
  ]

  @Sendable private static func slice(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    var x = try builder.activation(try node.input(0), for: node)
    let starts = node.opset < 10 ? try node.integers("starts") : try node.optionalIntegers(1)
    let ends = node.opset < 10 ? try node.integers("ends") : try node.optionalIntegers(2)
    guard let starts, let ends, starts.count == ends.count else {
      throw node.problem("starts and ends are missing or differ in number")
    }
    let axes =
      try (node.opset < 10 ? node.integers("axes") : node.optionalIntegers(3))
      ?? Array(starts.indices)
    let steps = try (node.opset < 10 ? nil : node.optionalIntegers(4)) ?? starts.map { _ in 1 }
    guard axes.count == starts.count, steps.count == starts.count, !steps.contains(0),
      Set(axes).count == axes.count
    else { throw node.problem("axes \(axes) or steps \(steps) do not fit starts \(starts)") }
    for index in starts.indices {
      let axis = try node.axis(axes[index], rank: x.shape.count)
      let extent = x.shape[axis]
      func clamped(_ position: Int, _ low: Int, _ high: Int) -> Int {
        let fromStart = position < 0 ? max(position, -extent - 1) + extent : position
        return min(max(fromStart, low), high)
      }
      let step = min(max(steps[index], -extent - 1), extent + 1)
      let indices =
        step > 0
        ? Array(
          stride(
            from: clamped(starts[index], 0, extent), to: clamped(ends[index], 0, extent), by: step))
        : Array(
          stride(
            from: clamped(starts[index], -1, extent - 1), to: clamped(ends[index], -1, extent - 1),
            by: step))
      guard !indices.isEmpty else {
        throw node.problem("keeps nothing of axis \(axis) of \(x.shape)")
      }
      x = try builder.select(x, axis: axis, indices, for: node)
    }
    return [.activation(x)]
  }

  @Sendable private static func gather(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    let x = try builder.activation(try node.input(0), for: node)
    let axis = try node.axis(try node.integer("axis", default: 0), rank: x.shape.count)
    let chosen = try node.constant(1)
    guard let indices = chosen.integers, !indices.isEmpty else {
      throw node.problem("its indices are not integers")
    }
    var places: [Int] = []
    for index in indices { places.append(try node.axis(index, rank: x.shape[axis])) }
    var result = try builder.select(x, axis: axis, places, for: node)
    result.shape.replaceSubrange(axis...axis, with: chosen.shape)
    return [.activation(result)]
  }

  @Sendable private static func split(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    let x = try builder.activation(try node.input(0), for: node)
    let axis = try node.axis(try node.integer("axis", default: 0), rank: x.shape.count)
    let extent = x.shape[axis]
    let parts = node.outputCount
    guard parts > 0 else { throw node.problem("has no outputs") }
    let part = (extent + parts - 1) / parts
    let sizes =
      try (node.opset < 13 ? node.integers("split") : node.optionalIntegers(1))
      ?? (0..<parts).map { min(part, extent - $0 * part) }
    guard sizes.count == parts, sizes.allSatisfy({ $0 > 0 && $0 <= extent }),
      sizes.reduce(0, &+) == extent
    else { throw node.problem("parts \(sizes) do not make up \(extent)") }
    var start = 0
    var results: [Value] = []
    for size in sizes {
      results.append(
        .activation(try builder.select(x, axis: axis, Array(start..<start + size), for: node)))
      start += size
    }
    return results
  }

  @Sendable private static func pad(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    var x = try builder.activation(try node.input(0), for: node)
    let rank = x.shape.count
    let pads = node.opset < 11 ? try node.integers("pads") : try node.optionalIntegers(1)
    let fill =
      node.opset < 11
      ? try node.float("value", default: 0) : try node.optionalScalar(2) ?? 0
    let mode = try node.string("mode", default: "constant")
    let axes = try node.opset < 18 ? nil : node.optionalIntegers(3)
    guard let pads, pads.count == 2 * (axes?.count ?? rank), fill.isFinite,
      pads.allSatisfy({ $0.magnitude < 1 << 20 })
    else { throw node.problem("pads \(pads ?? []) do not fit \(x.shape)") }
    for index in 0..<pads.count / 2 {
      let axis = try node.axis(axes?[index] ?? index, rank: rank)
      let extent = x.shape[axis]
      var indices: [Int?] = []
      for position in stride(from: -pads[index], to: extent + pads[index + pads.count / 2], by: 1) {
        if position >= 0 && position < extent {
          indices.append(position)
          continue
        }
        switch mode {
        case "constant": indices.append(nil)
        case "edge": indices.append(position < 0 ? 0 : extent - 1)
        case "reflect":
          let mirrored = position < 0 ? -position : 2 * extent - 2 - position
          guard mirrored >= 0 && mirrored < extent else {
            throw node.problem("reflects more than axis \(axis) of \(x.shape) holds")
          }
          indices.append(mirrored)
        case "wrap": indices.append((position % extent + extent) % extent)
        default: throw node.problem("mode '\(mode)' is not known")
        }
      }
      x = try builder.select(x, axis: axis, indices, fill: fill, for: node)
    }
    return [.activation(x)]
  }

  @Sendable private static func concatenate(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    var parts: [Activated] = []
    for index in node.inputs.indices {
      let value = try node.input(index)
      if value.shape.elementCount == 0 { continue }
      parts.append(try builder.activation(value, for: node))
    }
    guard let first = parts.first else { throw node.problem("has nothing to join") }
    let axis = try node.axis(try node.integer("axis"), rank: first.shape.count)
    guard parts.allSatisfy({ $0.shape.count == first.shape.count }) else {
      throw node.problem("joins shapes \(parts.map(\.shape))")
    }
    if parts.count == 1 { return [.activation(first)] }
    // Without the batch axis only if it is one in every part.
    let strips = axis > 0 && parts.allSatisfy { $0.shape[0] == 1 }
    var inputs: [Int] = []
    for part in parts {
      let shape = strips ? Array(part.shape.dropFirst()) : part.shape
      inputs.append(try builder.read(part, as: shape, for: node))
    }
    var shape = first.shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    return [
      try builder.append(
        Concatenation(axis: strips ? axis - 1 : axis), reading: inputs, as: shape, for: node)
    ]
  }

  /// Constants joined.
  @Sendable private static func join(_ node: Node) throws(ONNXProblem) -> [ConstantValue] {
    var parts: [ConstantValue] = []
    for index in node.inputs.indices {
      let part = try node.constant(index)
      if part.count > 0 { parts.append(part) }
    }
    guard let first = parts.first else {
      return [.init(shape: [0], elements: .integers([]))]
    }
    let axis = try node.axis(try node.integer("axis"), rank: first.shape.count)
    var shape = first.shape
    shape[axis] = 0
    for part in parts {
      var expected = first.shape
      if part.shape.count == expected.count { expected[axis] = part.shape[axis] }
      guard part.shape == expected else { throw node.problem("joins \(parts.map(\.shape))") }
      shape[axis] += part.shape[axis]
    }
    func joined<T>(_ values: [[T]]) -> [T] {
      var result: [T] = []
      for block in 0..<shape[..<axis].reduce(1, *) {
        for (part, elements) in zip(parts, values) {
          let run = part.shape[axis...].reduce(1, *)
          result += elements[block * run..<(block + 1) * run]
        }
      }
      return result
    }
    let integers = parts.compactMap(\.integers)
    if integers.count == parts.count {
      return [.init(shape: shape, elements: .integers(joined(integers)))]
    }
    return [.init(shape: shape, elements: .floats(joined(parts.map(\.floats))))]
  }
}
