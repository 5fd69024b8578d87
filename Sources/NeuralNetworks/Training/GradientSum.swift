internal import Tensors

/// The sum of what the parts of a batch contribute to the gradient of each parameter, on several
/// threads.
///
/// A part is some consecutive examples; one thread computes it into memory of its own. Parts are
/// added in their order, piece by piece of the parameters. So the sums do not depend, to the bit,
/// on the number of threads, nor on how many parts there is memory for.
///
/// Parts are added a round of them at a time. Where there are threads, there is memory for two
/// rounds, so that those who find no more to compute in one go on with the next, and add the one
/// before meanwhile. The last round is of a part for each thread: who is done with it adds all the
/// others until the slowest is.
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
    let parts: Range<Int>
    let computed: Countdown, added: Countdown

    init(parts: Range<Int>, pieces: Int) {
      self.parts = parts
      (computed, added) = (Countdown(parts.count), Countdown(pieces))
    }

    func countdown(of work: Work) -> Countdown {
      switch work {
      case .part: computed
      case .piece: added
      }
    }
  }

  /// A part of the batch to compute, or a piece to add its round's parts to.
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
  /// Memory of parts, as many as were ever needed, at most `places`.
  private var parts: [AlignedBuffer] = []
  private let places: Int
  /// Floats of each.
  private let partCount: Int
  /// How many parts a round has, but for the last two.
  private let perRound: Int
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
    var (size, partCount) = (0, 0)
    func place(_ count: Int, _ end: inout Int) -> Int {
      defer { end += (count + 15) / 16 * 16 }
      return end
    }
    for (parameter, factors) in zip(network.parameters, factors) {
      let count = parameter.values.count
      parameters.append(
        Parameter(
          place: place(count, &size), count: count,
          partPlace: factors == nil ? place(count, &partCount) : 0, factors: factors))
    }
    partSums = partCount
    for index in parameters.indices {
      guard let factors = parameters[index].factors else { continue }
      parameters[index].partPlace = place(factors.count(partSize), &partCount)
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
    self.partCount = partCount
    let rounds = threads == 1 ? 1 : 2
    perRound = max(threads, min(8, (1 << 20) / max(partCount, 1)) / rounds)
    places = rounds * perRound
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
    let all = (count + partSize - 1) / partSize
    while parts.count < min(all, places) { parts.append(AlignedBuffer(count: partCount)) }
    let rounds = rounds(of: all)
    let tasks = tasks(of: rounds)
    // Each thread uses its own workspace and each part its own memory.
    nonisolated(unsafe) let (sum, contribute) = (self, contribute)
    // A task waits for earlier ones alone, and those have begun.
    concurrently(tasks.count, threads: threads) { number, thread in
      let (index, work) = tasks[number]
      switch work {
      case .part(let part):
        rounds.first { $0.parts.contains(part - sum.places) }?.added.wait()
        let first = part * sum.partSize
        sum.memory(part).update(repeating: 0, count: sum.partSums)
        contribute(first..<min(first + sum.partSize, count), sum.workspaces[thread]) {
          sum.buffers(part, skipping: $0 - first)
        }
      case .piece(let piece):
        rounds[index].computed.wait()
        if index > 0 { rounds[index - 1].added.wait() }
        sum.add(rounds[index].parts, of: count, to: sum.pieces[piece])
      }
      rounds[index].countdown(of: work).finish()
    }
    for workspace in workspaces { workspace.retire() }
  }

  private func memory(_ part: Int) -> UnsafeMutablePointer<Float> {
    parts[part % places].pointer
  }

  /// The memory of a part behind some of its examples.
  private func buffers(_ part: Int, skipping examples: Int) -> [GradientBuffer] {
    parameters.map { parameter in
      let memory = memory(part) + parameter.partPlace
      guard let factors = parameter.factors else { return .sum(memory) }
      let row = examples * factors.rowsPerExample
      return .factors(
        left: memory + factors.right(partSize) + row * factors.rows,
        right: memory + row * factors.columns)
    }
  }

  /// A batch's parts, at least one round of them.
  private func rounds(of count: Int) -> [Round] {
    var rounds: [Round] = []
    var left = 0..<count
    func take(_ count: Int) {
      rounds.append(Round(parts: left.prefix(count), pieces: pieces.count))
      left = left.dropFirst(count)
    }
    while left.count > places { take(perRound) }
    if threads > 1, left.count > threads { take(left.count - threads) }
    take(left.count)
    return rounds
  }

  /// The parts and pieces of the rounds, in an order in which tasks wait for earlier ones alone: for
  /// their memory, for what they add, and for the pieces that come before theirs. Where there is
  /// memory for two rounds, the pieces of one come amid the parts of the next, so that what they
  /// wait for began long before, and behind the parts of the last.
  private func tasks(of rounds: [Round]) -> [(round: Int, work: Work)] {
    var tasks: [(round: Int, work: Work)] = []
    for index in 0...rounds.count {
      let parts = index < rounds.count ? rounds[index].parts : 0..<0
      let before =
        threads == 1 ? 0 : index == rounds.count - 1 ? parts.count : max(perRound / 2, threads)
      tasks += parts.prefix(before).map { (index, .part($0)) }
      if index > 0 { tasks += pieces.indices.map { (index - 1, .piece($0)) } }
      tasks += parts.dropFirst(before).map { (index, .part($0)) }
    }
    return tasks
  }

  /// Adds some parts of a batch of `count` examples, of which the first begin with zero.
  private func add(_ parts: Range<Int>, of count: Int, to piece: Piece) {
    let parameter = parameters[piece.parameter]
    let columns = parameter.factors?.columns ?? 1
    let (first, rows) = (piece.range.lowerBound, piece.range.count)
    let target = total.pointer + parameter.place + first * columns
    if parts.lowerBound == 0 { target.update(repeating: 0, count: rows * columns) }
    for part in parts {
      let memory = memory(part) + parameter.partPlace
      guard let factors = parameter.factors else {
        Tensors.add(memory + first, to: target, count: rows)
        continue
      }
      addOuterProducts(
        memory + factors.right(partSize) + first, leftStride: factors.rows, memory, rows: rows,
        columns: columns, count: min(partSize, count - part * partSize) * factors.rowsPerExample,
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
