internal import Dispatch
public import Tensors

/// Computes the sum of the clipped gradients of a batch's examples, on several threads, in one
/// backward pass.
///
/// The batch is cut by position into blocks of ``block`` examples; a block is computed by one
/// thread, `chunk` examples at a time, into a buffer of its own, example after example; buffers
/// are added in the order of blocks. So the result depends, to the bit, neither on threads nor on
/// `chunk`.
public final class ClippedGradient {
  /// Examples whose sum is one buffer.
  public static let block = 16

  /// What is told about a batch. All of it comes from the data: private.
  public struct Outcome: Sendable, Equatable {
    /// The sum of the losses.
    public var loss = 0.0
    /// How many examples were classified right.
    public var correct = 0
    /// How many gradients are no longer than the clipping norm.
    public var within = 0
  }

  private let chunk: Int
  private let threads: Int
  /// Offset of each parameter in a buffer.
  private let offsets: [Int]
  private let size: Int
  private var workspaces: [Workspace] = []
  private let partial: [AlignedBuffer]
  private let total: AlignedBuffer

  /// - Parameter chunk: examples computed together, a divisor of ``block``; memory grows with it.
  /// - Throws: ``NetworkError`` naming the first layer that has no gradients of single examples.
  public init(for network: Network, chunk: Int = block, threads: Int) throws(NetworkError) {
    precondition(chunk > 0 && Self.block % chunk == 0, "\(chunk) does not divide \(Self.block)")
    try network.checkExampleGradients()
    self.chunk = chunk
    self.threads = threads
    var offsets: [Int] = []
    var size = 0
    for parameter in network.parameters {
      offsets.append(size)
      size += (parameter.values.count + 15) / 16 * 16
    }
    self.offsets = offsets
    self.size = size
    partial = (0..<(threads == 1 ? 1 : 2 * threads)).map { _ in AlignedBuffer(count: size) }
    total = AlignedBuffer(count: size)
  }

  /// The sum for each parameter after `compute`.
  public var sums: [UnsafeMutablePointer<Float>] { offsets.map { total.pointer + $0 } }

  /// Computes `sums` for the images `[count, inputShape...]` and labels of one batch; all zeros for
  /// an empty one.
  ///
  /// - Parameter numbers: what keys each example's dropout and noise; empty: its place in the
  ///   batch.
  public func compute(
    _ network: Network, images: Tensor, labels: [Int], clipping: GradientClipping, seed: UInt64,
    step: Int, numbers: [Int] = []
  ) -> Outcome {
    precondition(numbers.isEmpty || numbers.count == labels.count, "a number for each example")
    total.pointer.update(repeating: 0, count: size)
    var outcome = Outcome()
    guard !labels.isEmpty else { return outcome }
    adopt(Plan(network, capacity: chunk, purpose: .exampleGradients))
    let blocks = (labels.count + Self.block - 1) / Self.block
    // Each worker uses its own workspace and its own slots.
    nonisolated(unsafe) let workspaces = workspaces
    let (threads, chunk, size) = (threads, chunk, size)
    let (partial, offsets) = (partial, offsets)
    for wave in stride(from: 0, to: blocks, by: partial.count) {
      let slots = min(partial.count, blocks - wave)
      var outcomes = [Outcome](repeating: Outcome(), count: slots)
      outcomes.withUnsafeMutableBufferPointer { outcomes in
        nonisolated(unsafe) let outcomes = outcomes
        DispatchQueue.concurrentPerform(iterations: min(threads, slots)) { worker in
          for slot in stride(from: worker, to: slots, by: threads) {
            let first = (wave + slot) * Self.block
            let last = min(first + Self.block, labels.count)
            let sums = partial[slot].pointer
            sums.update(repeating: 0, count: size)
            for start in stride(from: first, to: last, by: chunk) {
              Self.accumulate(
                start..<min(start + chunk, last), of: images, labels, clipping,
                pass: TrainingPass(
                  seed: seed, step: step, firstExample: start, numbers: numbers),
                in: workspaces[worker], to: offsets.map { sums + $0 }, counting: &outcomes[slot])
            }
          }
        }
      }
      for slot in 0..<slots {
        add(partial[slot].pointer, to: total.pointer, count: size)
        outcome.add(outcomes[slot])
      }
    }
    for workspace in workspaces { workspace.retire() }
    return outcome
  }

  /// Adds the clipped gradients of one chunk.
  private static func accumulate(
    _ examples: Range<Int>, of images: Tensor, _ labels: [Int], _ clipping: GradientClipping,
    pass: TrainingPass, in workspace: Workspace, to sums: [UnsafeMutablePointer<Float>],
    counting outcome: inout Outcome
  ) {
    let count = examples.count
    images.values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      workspace.input.update(
        from: base + examples.lowerBound * images.rowSize, count: count * images.rowSize)
    }
    workspace.forward(count: count, training: pass)
    let classes = workspace.plan.network.outputShape.elementCount
    for (row, example) in examples.enumerated() {
      let (loss, correct) = CrossEntropy.evaluate(
        workspace.output + row * classes, labels: labels[example...example], classes: classes,
        scale: 1, gradient: workspace.outputGradient + row * classes)
      outcome.loss += loss
      outcome.correct += correct
    }
    let layers = workspace.plan.parameterLayers
    var norms = [Double](repeating: 0, count: layers * count)
    workspace.measureParameterGradients(squaredNorms: &norms)
    var factors = [Float](repeating: 0, count: layers * count)
    outcome.within += clipping.factors(
      for: norms, layers: layers, count: count, into: &factors)
    workspace.addParameterGradients(scaledBy: factors, to: sums)
  }

  /// Gives every thread a workspace of the plan, keeping the memory of an earlier one.
  private func adopt(_ plan: Plan) {
    if workspaces.isEmpty {
      workspaces = (0..<threads).map { _ in plan.makeWorkspace() }
    } else {
      for workspace in workspaces { workspace.adopt(plan) }
    }
  }
}

extension ClippedGradient.Outcome {
  fileprivate mutating func add(_ other: Self) {
    loss += other.loss
    correct += other.correct
    within += other.within
  }
}

extension Network {
  /// - Throws: ``NetworkError`` naming the first layer that ties examples together, or whose
  ///   parameters have no gradients of single examples.
  public func checkExampleGradients() throws(NetworkError) {
    for node in nodes {
      let kind = type(of: node.layer).kind
      if node.layer.mixesExamples {
        throw .layer(
          name: node.name,
          problem: "\(kind) mixes the examples of a batch: no gradient belongs to one of them")
      }
      if node.layer.parameters.isEmpty { continue }
      let operation = node.layer.operation(for: node.inputs.map { shapes[$0] }, capacity: 1)
      if !(operation is any ExampleGradientOperation) {
        throw .layer(name: node.name, problem: "\(kind) has no gradients of single examples")
      }
    }
  }
}
