public import Tensors

/// A classifier seen through its outputs; what a black-box attack gets.
///
/// A conforming value belongs to one thread. It answers for each example by itself: the result for
/// an example does not depend, to the bit, on the others in the batch.
public protocol Model {
  /// The shape of one example, `[channels, height, width]`.
  var inputShape: [Int] { get }
  /// How many classes there are; the length of a row of logits.
  var classCount: Int { get }
  /// The smallest and largest value a pixel can have, in the units of the data.
  var bounds: ClosedRange<Float> { get }

  /// The logits, `[batch.count, classCount]`; any batch size.
  /// - Throws: `CancellationError` where the run was interrupted.
  func logits(_ batch: Batch) throws -> Tensor
}

/// A classifier with gradients; what a white-box attack gets.
public protocol DifferentiableModel: Model {
  /// The logits, and the gradient of `sum(cotangent * logits)` with respect to the images.
  ///
  /// The loss is the caller's: `cotangent` is given the logits `[batch.count, classCount]` and
  /// answers the derivative of the loss with respect to each of them, of the same shape.
  /// - Returns: the logits and the gradient, shaped like `batch.images`.
  /// - Throws: `CancellationError` where the run was interrupted.
  func gradient(
    _ batch: Batch, cotangent: (_ logits: Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor)

  /// The same in the memory of an earlier answer, so that a loop that asks again and again
  /// allocates nothing. By default `gradient(_:cotangent:)`; what answers for another model passes
  /// it on.
  ///
  /// - Parameter cotangent: writes, for logits `[batch.count, classCount]`, the derivative of the
  ///   loss with respect to each of them into a tensor of the same shape; every element, since the
  ///   tensor may hold anything.
  func gradient(
    _ batch: Batch, into answer: inout GradientAnswer,
    cotangent: (_ logits: Tensor, _ result: inout Tensor) -> Void
  ) throws
}

/// Logits and gradient of a batch, in memory that the next answer may use again.
public struct GradientAnswer: Sendable {
  /// `[batch.count, classCount]`
  public var logits = Tensor(shape: [0, 0])
  /// Shaped like the batch's images.
  public var gradient = Tensor(shape: [0, 0])
  /// Shaped like the logits: where the loss's derivative was written.
  public var cotangent = Tensor(shape: [0, 0])

  /// No answer yet.
  public init() {}
}

extension GradientAnswer {
  /// Gives logits and cotangent the shape that these images ask for, and the gradient if there is
  /// one.
  mutating func fit(_ images: Tensor, classCount: Int, hasGradient: Bool = true) {
    if logits.rowCount != images.rowCount || logits.rowSize != classCount {
      logits = Tensor(shape: [images.rowCount, classCount])
    }
    if cotangent.shape != logits.shape { cotangent = logits }
    if hasGradient, gradient.shape != images.shape { gradient = Tensor(shape: images.shape) }
  }

  /// Takes over what the model answers in memory of its own.
  mutating func take(
    _ batch: Batch, from model: some DifferentiableModel,
    cotangent: (_ logits: Tensor, _ result: inout Tensor) -> Void
  ) throws {
    (logits, gradient) = try model.gradient(batch) { logits in
      var result = Tensor(shape: logits.shape)
      cotangent(logits, &result)
      return result
    }
  }
}

extension DifferentiableModel {
  public func gradient(
    _ batch: Batch, into answer: inout GradientAnswer,
    cotangent: (_ logits: Tensor, _ result: inout Tensor) -> Void
  ) throws {
    try answer.take(batch, from: self, cotangent: cotangent)
  }
}
