public import Tensors

/// Computes the sum of the clipped gradients of a batch's examples, on several threads, in one
/// backward pass.
///
/// The batch is cut by position into blocks of ``block`` examples; a block is computed by one
/// thread, `chunk` examples at a time, example after example, and what blocks contribute is added
/// in their order. So the result depends, to the bit, neither on threads nor on `chunk`.
public final class ClippedGradient {
  /// Examples that one thread computes one after the other.
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
  private let sum: GradientSum

  /// Examples that are computed together unless told otherwise: as many as let what is kept of their
  /// gradients take no more than 2 MiB, from 4 to ``block``.
  public static func chunk(for network: Network) -> Int {
    let kept = network.nodes.reduce(0) { total, node in
      guard !node.layer.parameters.isEmpty else { return total }
      let operation = node.layer.operation(
        for: node.inputs.map { network.shapes[$0] }, capacity: 1, purpose: .exampleGradients,
        packing: Packing())  // never finished: only sizes are asked for
      return total + ((operation as? any ExampleGradientOperation)?.keptCount ?? 0)
    }
    var chunk = block
    while chunk > 4, chunk * kept > 1 << 19 { chunk /= 2 }
    return chunk
  }

  /// - Parameter chunk: examples computed together, a divisor of ``block``; memory grows with it; nil
  ///   for ``chunk(for:)``.
  /// - Throws: ``NetworkError`` naming the first layer that has no gradients of single examples.
  public init(for network: Network, chunk: Int? = nil, threads: Int) throws(NetworkError) {
    try network.checkExampleGradients()
    let chunk = chunk ?? Self.chunk(for: network)
    precondition(chunk > 0 && Self.block % chunk == 0, "\(chunk) does not divide \(Self.block)")
    self.chunk = chunk
    sum = GradientSum(
      for: network, purpose: .exampleGradients, capacity: chunk, partSize: Self.block,
      threads: threads)
  }

  /// The sum for each parameter after `compute`.
  public var sums: [UnsafeMutablePointer<Float>] { sum.sums }

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
    let blocks = (labels.count + Self.block - 1) / Self.block
    var outcomes = [Outcome](repeating: Outcome(), count: blocks)
    outcomes.withUnsafeMutableBufferPointer { outcomes in
      // Each block has its own outcome.
      nonisolated(unsafe) let outcomes = outcomes
      sum.compute(network, count: labels.count) { examples, workspace, buffers in
        for start in stride(from: examples.lowerBound, to: examples.upperBound, by: chunk) {
          Self.accumulate(
            start..<min(start + chunk, examples.upperBound), of: images, labels, clipping,
            pass: TrainingPass(seed: seed, step: step, firstExample: start, numbers: numbers),
            in: workspace, to: buffers(start),
            counting: &outcomes[examples.lowerBound / Self.block])
        }
      }
    }
    return outcomes.reduce(into: Outcome()) { $0.add($1) }
  }

  /// Adds the clipped gradients of one chunk.
  private static func accumulate(
    _ examples: Range<Int>, of images: Tensor, _ labels: [Int], _ clipping: GradientClipping,
    pass: TrainingPass, in workspace: Workspace, to sums: [GradientBuffer],
    counting outcome: inout Outcome
  ) {
    let count = examples.count
    workspace.load(images, examples)
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
