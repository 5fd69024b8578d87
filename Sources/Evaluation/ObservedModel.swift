internal import Robustness
internal import Tensors

/// What an attack asked of the model for one example.
public struct Cost: Sendable, Hashable {
  /// Images classified without a gradient.
  public var forwards = 0
  /// Images a gradient was computed for.
  public var gradients = 0
  /// Gradients that were zero everywhere, held a NaN, or held an infinity but no NaN.
  public var zero = 0, nan = 0, infinite = 0

  public init() {}

  static func += (sum: inout Cost, other: Cost) {
    sum.forwards += other.forwards
    sum.gradients += other.gradients
    sum.zero += other.zero
    sum.nan += other.nan
    sum.infinite += other.infinite
  }
}

/// The model an attack is given: it answers as the session does and counts for every example.
final class ObservedModel: DifferentiableModel {
  /// For each example of the chunk, by its place after `first`.
  private(set) var costs: [Cost]
  private let session: ClassifierSession
  private let first: Int

  /// - Parameter indices: the chunk's, consecutive.
  init(_ session: ClassifierSession, indices: Range<Int>) {
    self.session = session
    first = indices.lowerBound
    costs = [Cost](repeating: Cost(), count: indices.count)
  }

  var inputShape: [Int] { session.inputShape }
  var classCount: Int { session.classCount }
  var bounds: ClosedRange<Float> { session.bounds }

  func logits(_ batch: Batch) throws -> Tensor {
    count(batch) { cost, _ in cost.forwards += 1 }
    return try session.logits(batch)
  }

  func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor) {
    let answer = try session.gradient(batch, cotangent: cotangent)
    let size = answer.gradient.rowSize
    answer.gradient.values.withUnsafeBufferPointer { values in
      count(batch) { cost, row in
        cost.gradients += 1
        // As integers, magnitudes order like the numbers, infinity above all and NaN above that.
        var largest: UInt32 = 0
        for offset in row * size..<(row + 1) * size {
          largest = max(largest, values[offset].bitPattern & 0x7fff_ffff)
        }
        if largest == 0 {
          cost.zero += 1
        } else if largest > 0x7f80_0000 {
          cost.nan += 1
        } else if largest == 0x7f80_0000 {
          cost.infinite += 1
        }
      }
    }
    return answer
  }

  /// An attack may invent examples; those are answered and not counted for anybody.
  private func count(_ batch: Batch, _ body: (inout Cost, Int) -> Void) {
    for (row, index) in batch.indices.enumerated() where costs.indices.contains(index - first) {
      body(&costs[index - first], row)
    }
  }
}
