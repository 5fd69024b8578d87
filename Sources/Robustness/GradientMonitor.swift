public import Tensors

/// Passes a model on and counts, for each example, the gradients that an attack cannot use.
///
/// A gradient of zero or with a value that is not a number leaves an attack where it stands: the
/// example then looks robust because the attack was blind.
public final class GradientMonitor: DifferentiableModel {
  /// The unusable gradients of one example.
  public struct Tally: Sendable, Codable, Equatable {
    /// Gradients of which every value is zero.
    public var zero = 0
    /// Gradients with a NaN or an infinity.
    public var nonFinite = 0

    public init(zero: Int = 0, nonFinite: Int = 0) {
      self.zero = zero
      self.nonFinite = nonFinite
    }
  }

  private let model: any DifferentiableModel
  /// By example index; examples without such gradients are absent.
  public private(set) var tallies: [Int: Tally] = [:]

  /// Watches `model`, whose own counters go on counting.
  public init(_ model: any DifferentiableModel) { self.model = model }

  public var inputShape: [Int] { model.inputShape }
  public var classCount: Int { model.classCount }
  public var bounds: ClosedRange<Float> { model.bounds }

  public func logits(_ batch: Batch) throws -> Tensor { try model.logits(batch) }

  public func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor) {
    let answer = try model.gradient(batch, cotangent: cotangent)
    let size = answer.gradient.rowSize
    answer.gradient.values.withUnsafeBufferPointer { values in
      for (position, example) in batch.indices.enumerated() {
        // The largest bit pattern without its sign: 0 for zeros, from infinity's on not finite.
        var largest: UInt32 = 0
        for index in position * size..<(position + 1) * size {
          largest = max(largest, values[index].bitPattern & 0x7fff_ffff)
        }
        if largest == 0 { tallies[example, default: Tally()].zero += 1 }
        if largest >= Float.infinity.bitPattern {
          tallies[example, default: Tally()].nonFinite += 1
        }
      }
    }
    return answer
  }
}
