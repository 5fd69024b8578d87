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
  /// For one example: the images asked about until the model's answer first met the goal, that one
  /// included; none where no answer did.
  public var queriesToSuccess: Int?

  public init() {}

  static func += (sum: inout Cost, other: Cost) {
    sum.forwards += other.forwards
    sum.gradients += other.gradients
    sum.zero += other.zero
    sum.nan += other.nan
    sum.infinite += other.infinite
  }
}

/// The model an attack is given: it answers as the subject does and counts for every example.
final class ObservedModel: DifferentiableModel {
  /// For each example of the chunk, by its place after `first`.
  private(set) var costs: [Cost]
  private let model: any DifferentiableModel
  private let passes: Int
  private let first: Int
  private let criteria: [Criterion?]

  /// - Parameters:
  ///   - indices: the chunk's, consecutive.
  ///   - criteria: the goal for each of them.
  ///   - passes: how many images count for one question.
  init(
    _ model: any DifferentiableModel, indices: Range<Int>, criteria: [Criterion?], passes: Int
  ) {
    self.model = model
    self.passes = passes
    self.criteria = criteria
    first = indices.lowerBound
    costs = [Cost](repeating: Cost(), count: indices.count)
  }

  var inputShape: [Int] { model.inputShape }
  var classCount: Int { model.classCount }
  var bounds: ClosedRange<Float> { model.bounds }

  func logits(_ batch: Batch) throws -> Tensor {
    let logits = try model.logits(batch)
    count(batch, logits) { cost, _ in cost.forwards += passes }
    return logits
  }

  func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) throws -> (logits: Tensor, gradient: Tensor) {
    let answer = try model.gradient(batch, cotangent: cotangent)
    count(batch, answer.logits, answer.gradient)
    return answer
  }

  func gradient(
    _ batch: Batch, into answer: inout GradientAnswer, cotangent: (Tensor, inout Tensor) -> Void
  ) throws {
    try model.gradient(batch, into: &answer, cotangent: cotangent)
    count(batch, answer.logits, answer.gradient)
  }

  private func count(_ batch: Batch, _ logits: Tensor, _ gradient: Tensor) {
    let size = gradient.rowSize
    gradient.values.withUnsafeBufferPointer { values in
      count(batch, logits) { cost, row in
        cost.gradients += passes
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
  }

  /// An attack may invent examples; those are answered and not counted for anybody.
  private func count(_ batch: Batch, _ logits: Tensor, _ body: (inout Cost, Int) -> Void) {
    for (row, index) in batch.indices.enumerated() where costs.indices.contains(index - first) {
      let place = index - first
      body(&costs[place], row)
      guard costs[place].queriesToSuccess == nil, let criterion = criteria[place],
        criterion.isMet(by: logits.prediction(ofRow: row))
      else { continue }
      costs[place].queriesToSuccess = costs[place].forwards + costs[place].gradients
    }
  }
}
