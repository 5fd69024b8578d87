internal import Dispatch
internal import Tensors

/// The sum of what the parts of a batch contribute to the gradient of each parameter, on several
/// threads.
///
/// A part is some consecutive examples; one thread computes it into memory of its own. Parts are
/// added in their order, piece by piece of the parameters. So the sums do not depend, to the bit,
/// on the number of threads, nor on how many parts there is memory for.
///
/// There is memory for a round of parts, or for two where there are threads, so that those who find
/// no more to compute in one go on with the next, and add the one before meanwhile.
final class GradientSum {
  /// A parameter's gradient: where it is in `total`, and a part's in the part's memory.
  private struct Parameter {
    var place: Int
    var count: Int
    var partPlace: Int
    /// What a part's memory holds of it, if not the sum.
    var factors: GradientFactors?
  }

  /// What of a parameter is added in one go: rows, where it comes as factors, else numbers.
  private struct Piece: Sendable {
    var parameter: Int
    var range: Range<Int>
  }

  /// Parts that are computed, then added.
  private struct Round: Sendable {
    let examples: Range<Int>
    let computed = DispatchGroup(), added = DispatchGroup()

    func parts(of size: Int) -> Int { (examples.count + size - 1) / size }

    func group(of work: Work) -> DispatchGroup {
      switch work {
      case .part: computed
      case .piece: added
      }
    }
  }

  /// A part to compute, or a piece to add its round's parts to.
  private enum Work { case part(Int), piece(Int) }

  private let purpose: Plan.Purpose
  private let capacity: Int
  private let partSize: Int
  private let threads: Int
  private let packing = Packing()
  private let workspaces: [Workspace]
  private let parameters: [Parameter]
  private let pieces: [Piece]
  /// How much of a part's memory, at its beginning, are sums.
  private let partSums: Int
  private let parts: [AlignedBuffer]
  /// How many rounds there is memory for, and parts in each.
  private let ahead: Int, perRound: Int
  private let total: AlignedBuffer

  /// - Parameters:
  ///   - capacity: examples that are computed together.
  ///   - partSize: examples of a part.
  init(
    for network: Network, purpose: Plan.Purpose, capacity: Int, partSize: Int, threads: Int
  ) {
    self.purpose = purpose
    self.capacity = capacity
    self.partSize = partSize
    self.threads = threads
    let plan = Plan(network, capacity: capacity, purpose: purpose, packing: packing)
    workspaces = (0..<threads).map { _ in plan.makeWorkspace() }

    var factors = [GradientFactors?](repeating: nil, count: network.parameters.count)
    for step in plan.steps where step.runsBackward && !step.parameters.isEmpty {
      factors[step.parameters.lowerBound] = step.operation.gradientFactors
    }
    var parameters: [Parameter] = []
    var (size, partSize) = (0, 0)
    func place(_ count: Int, _ end: inout Int) -> Int {
      defer { end += (count + 15) / 16 * 16 }
      return end
    }
    for (parameter, factors) in zip(network.parameters, factors) {
      let count = parameter.values.count
      parameters.append(
        Parameter(
          place: place(count, &size), count: count,
          partPlace: factors == nil ? place(count, &partSize) : 0, factors: factors))
    }
    partSums = partSize
    for index in parameters.indices {
      guard let factors = parameters[index].factors else { continue }
      parameters[index].partPlace = place(factors.count(self.partSize), &partSize)
    }
    self.parameters = parameters
    pieces = parameters.enumerated().flatMap { index, parameter in
      let columns = parameter.factors?.columns ?? 1
      let count = parameter.count / columns
      let step = max(1 << 17 / columns / 8, 1) * 8
      return stride(from: 0, to: count, by: step).map {
        Piece(parameter: index, range: $0..<min($0 + step, count))
      }
    }
    total = AlignedBuffer(count: size)
    let memory = partSize
    ahead = threads == 1 ? 1 : 2
    perRound = max(threads, min(8, (1 << 20) / max(memory, 1)) / ahead)
    parts = (0..<ahead * perRound).map { _ in AlignedBuffer(count: memory) }
  }

  /// The sum for each parameter after `compute`.
  var sums: [UnsafeMutablePointer<Float>] { parameters.map { total.pointer + $0.place } }

  /// Computes `sums` over a batch of `count` examples.
  ///
  /// - Parameters:
  ///   - network: the one it was made for, with other weights.
  ///   - contribute: adds the gradients of some examples, no more than `partSize`, which begin a
  ///     part, to what `buffers` answers for the first of those it computes together.
  func compute(
    _ network: Network, count: Int,
    _ contribute: (
      _ examples: Range<Int>, _ workspace: Workspace, _ buffers: (Int) -> [GradientBuffer]
    ) -> Void
  ) {
    let plan = Plan(
      network, capacity: capacity, purpose: purpose, packing: packing, threads: threads)
    for workspace in workspaces { workspace.adopt(plan) }
    let rounds = stride(from: 0, through: max(count - 1, 0), by: perRound * partSize).map {
      Round(examples: $0..<min($0 + perRound * partSize, count))
    }
    let tasks = tasks(of: rounds)
    // Each thread uses its own workspace and each part its own memory.
    nonisolated(unsafe) let (sum, contribute) = (self, contribute)
    // A task waits for earlier ones alone, and those have begun.
    concurrently(tasks.count, threads: threads) { number, thread in
      let (index, work) = tasks[number]
      let round = rounds[index]
      switch work {
      case .part(let part):
        if index >= sum.ahead { rounds[index - sum.ahead].added.wait() }
        let memory = index % sum.ahead * sum.perRound + part
        let first = round.examples.lowerBound + part * sum.partSize
        sum.parts[memory].pointer.update(repeating: 0, count: sum.partSums)
        contribute(
          first..<min(first + sum.partSize, round.examples.upperBound), sum.workspaces[thread]
        ) { sum.buffers(memory, skipping: $0 - first) }
      case .piece(let piece):
        round.computed.wait()
        if index > 0 { rounds[index - 1].added.wait() }
        sum.add(
          round.examples, from: index % sum.ahead * sum.perRound, to: sum.pieces[piece])
      }
      round.group(of: work).leave()
    }
    for workspace in workspaces { workspace.retire() }
  }

  /// The memory of a part behind some of its examples.
  private func buffers(_ part: Int, skipping examples: Int) -> [GradientBuffer] {
    parameters.map { parameter in
      let memory = parts[part].pointer + parameter.partPlace
      guard let factors = parameter.factors else { return .sum(memory) }
      let row = examples * factors.rowsPerExample
      return .factors(
        left: memory + factors.right(partSize) + row * factors.rows,
        right: memory + row * factors.columns)
    }
  }

  /// The parts and pieces of the rounds, in an order in which tasks wait for earlier ones alone.
  /// Where there is memory for two rounds, the pieces of one come amid the parts of the next, so that
  /// what they wait for began long before.
  private func tasks(of rounds: [Round]) -> [(round: Int, work: Work)] {
    var tasks: [(round: Int, work: Work)] = []
    for index in 0...rounds.count {
      let parts = index < rounds.count ? rounds[index].parts(of: partSize) : 0
      let first = ahead == 1 ? 0 : min(max(perRound / 2, threads), parts)
      tasks += (0..<first).map { (index, .part($0)) }
      if index > 0 { tasks += pieces.indices.map { (index - 1, .piece($0)) } }
      tasks += (first..<parts).map { (index, .part($0)) }
    }
    for (round, work) in tasks { rounds[round].group(of: work).enter() }
    return tasks
  }

  /// Adds the parts of these examples, of which the first begin with zero.
  private func add(_ examples: Range<Int>, from firstPart: Int, to piece: Piece) {
    let parameter = parameters[piece.parameter]
    let columns = parameter.factors?.columns ?? 1
    let (first, count) = (piece.range.lowerBound, piece.range.count)
    let target = total.pointer + parameter.place + first * columns
    if examples.lowerBound == 0 { target.update(repeating: 0, count: count * columns) }
    for (part, start) in stride(from: 0, to: examples.count, by: partSize).enumerated() {
      let memory = parts[firstPart + part].pointer + parameter.partPlace
      guard let factors = parameter.factors else {
        Tensors.add(memory + first, to: target, count: count)
        continue
      }
      addOuterProducts(
        memory + factors.right(partSize) + first, leftStride: factors.rows, memory, rows: count,
        columns: columns, count: min(partSize, examples.count - start) * factors.rowsPerExample,
        to: target)
    }
  }
}

extension GradientFactors {
  /// Floats of the right factor's rows of some examples, up to a cache line's end.
  fileprivate func right(_ count: Int) -> Int { (count * rowsPerExample * columns + 15) / 16 * 16 }
  /// Floats of both factors' rows of some examples.
  fileprivate func count(_ count: Int) -> Int { right(count) + count * rowsPerExample * rows }
}

extension Workspace {
  /// Puts some images of `[count, inputShape...]` into `input`.
  func load(_ images: Tensor, _ rows: Range<Int>) {
    images.values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      input.update(
        from: base + rows.lowerBound * images.rowSize, count: rows.count * images.rowSize)
    }
  }
}
