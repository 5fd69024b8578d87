public import NeuralNetworks
public import Tensors

/// A trained network as a classifier: its logits, the bounds of its data, and how its input is
/// prepared. Immutable; threads share it and its packed weights, each with a session of its own.
public final class Classifier: Sendable {
  /// From data to logits, preparation included.
  public let network: Network
  /// The smallest and largest value a pixel can have, in the units of the data.
  public let bounds: ClosedRange<Float>
  /// The most examples that are computed together.
  public let chunk: Int
  private let plan: Plan

  /// - Parameters:
  ///   - network: takes one example `[channels, height, width]` in the units of the data and yields
  ///     one number a class.
  ///   - chunk: nil chooses by the network's memory.
  public init(
    _ network: Network, bounds: ClosedRange<Float> = 0...1, chunk: Int? = nil
  ) {
    self.network = network
    self.bounds = bounds
    let chunk = chunk ?? Self.chunk(for: network)
    self.chunk = chunk
    plan = Plan(network, capacity: chunk)
  }

  public var inputShape: [Int] { network.inputShape }
  public var classCount: Int { network.outputShape.elementCount }

  /// A model for one thread.
  public func session(isCancelled: @escaping () -> Bool = { false }) -> ClassifierSession {
    ClassifierSession(self, plan, isCancelled: isCancelled)
  }

  /// Chunks whose activations are about the size of a core's share of the caches, and large enough
  /// for weights that are read once a chunk to serve several examples.
  private static func chunk(for network: Network) -> Int {
    let floats = network.optimized().shapes.reduce(0) { $0 + $1.elementCount }
    return min(max((1 << 21) / max(floats, 1) / 8 * 8, 16), 32)
  }
}

/// A classifier at work on one thread, counting what it is asked.
public final class ClassifierSession: DifferentiableModel {
  public let inputShape: [Int]
  public let classCount: Int
  public let bounds: ClosedRange<Float>
  /// How many images were classified.
  public private(set) var forwardCount = 0
  /// How many images a gradient was computed for (each with a forward pass of its own).
  public private(set) var gradientCount = 0

  private let chunk: Int
  private let workspace: Workspace
  private let isCancelled: () -> Bool

  init(_ classifier: Classifier, _ plan: Plan, isCancelled: @escaping () -> Bool) {
    inputShape = classifier.inputShape
    classCount = classifier.classCount
    bounds = classifier.bounds
    chunk = classifier.chunk
    workspace = plan.makeWorkspace()
    self.isCancelled = isCancelled
  }

  public func logits(_ batch: Batch) throws -> Tensor {
    forwardCount += batch.count
    return try Tensor(shape: [batch.count, classCount]) { logits in
      try forEachChunk(batch.images) { start, count in
        workspace.forward(count: count)
        copyOutput(to: logits, start, count)
      }
    }
  }

  public func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor) {
    gradientCount += batch.count
    let size = batch.images.rowSize
    var logits = Tensor(shape: [batch.count, classCount])
    if batch.count <= chunk {
      let gradient = try Tensor(shape: batch.images.shape) { gradient in
        try forEachChunk(batch.images) { _, count in
          workspace.forward(count: count)
          logits.values.withUnsafeMutableBufferPointer { copyOutput(to: $0, 0, count) }
          pullBack(cotangent(logits), 0, count, into: gradient, size)
        }
      }
      return (logits, gradient)
    }
    // The cotangent may look at all logits at once, so they come first.
    logits = try self.logits(batch)
    forwardCount -= batch.count
    let cotangents = cotangent(logits)
    let gradient = try Tensor(shape: batch.images.shape) { gradient in
      try forEachChunk(batch.images) { start, count in
        workspace.forward(count: count)
        pullBack(cotangents, start, count, into: gradient, size)
      }
    }
    return (logits, gradient)
  }

  public func gradient(
    _ batch: Batch, into answer: inout GradientAnswer,
    cotangent: (_ logits: Tensor, _ result: inout Tensor) -> Void
  ) throws {
    guard batch.count <= chunk else {
      // Not by any loop over a chunk.
      return try answer.take(batch, from: self, cotangent: cotangent)
    }
    gradientCount += batch.count
    let size = batch.images.rowSize
    answer.fit(batch.images, classCount: classCount)
    try forEachChunk(batch.images) { _, count in
      workspace.forward(count: count)
      answer.logits.values.withUnsafeMutableBufferPointer { copyOutput(to: $0, 0, count) }
      cotangent(answer.logits, &answer.cotangent)
      let cotangents = answer.cotangent
      answer.gradient.values.withUnsafeMutableBufferPointer {
        pullBack(cotangents, 0, count, into: $0, size)
      }
    }
  }

  /// Puts the images into the workspace chunk by chunk.
  private func forEachChunk(_ images: Tensor, _ body: (Int, Int) throws -> Void) throws {
    precondition(
      images.shape.dropFirst().elementsEqual(inputShape),
      "images \(images.shape) for a model of \(inputShape)")
    let size = images.rowSize
    var start = 0
    while start < images.rowCount {
      if isCancelled() { throw CancellationError() }
      let count = min(chunk, images.rowCount - start)
      images.values.withUnsafeBufferPointer {
        guard let base = $0.baseAddress else { return }
        workspace.input.update(from: base + start * size, count: count * size)
      }
      try body(start, count)
      start += count
    }
  }

  private func copyOutput(to logits: UnsafeMutableBufferPointer<Float>, _ start: Int, _ count: Int)
  {
    logits.baseAddress?.advanced(by: start * classCount)
      .update(from: workspace.output, count: count * classCount)
  }

  private func pullBack(
    _ cotangents: Tensor, _ start: Int, _ count: Int,
    into gradient: UnsafeMutableBufferPointer<Float>, _ size: Int
  ) {
    cotangents.values.withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { return }
      workspace.outputGradient.update(from: base + start * classCount, count: count * classCount)
    }
    workspace.backward()
    gradient.baseAddress?.advanced(by: start * size)
      .update(from: workspace.inputGradient, count: count * size)
  }
}
