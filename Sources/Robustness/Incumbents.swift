public import Tensors

/// The best image found so far for each example of a task.
///
/// Best is the first that meets the criterion; before there is one, the one with the largest margin
/// (``Criterion/margin(_:)``), the earlier of equals.
public struct Incumbents {
  private let criteria: [Criterion]
  private var margins: [Double]
  /// True for the examples whose criterion is met.
  public private(set) var isMet: [Bool]
  /// The best images, shaped like the batch's; the clean ones where nothing was better.
  public private(set) var images: Tensor

  /// Starts with the clean images, of which nothing is known.
  public init(_ task: AttackTask) {
    criteria = task.criteria
    images = task.batch.images
    margins = [Double](repeating: -.infinity, count: task.batch.count)
    isMet = [Bool](repeating: false, count: task.batch.count)
  }

  /// The positions of the examples whose criterion is not met.
  public var open: [Int] { isMet.indices.filter { !isMet[$0] } }

  /// Compares candidates, with the logits that the model gives them; without, takes them.
  ///
  /// - Parameter positions: which example of the task each row belongs to; nil for all in order.
  public mutating func offer(
    _ candidates: Tensor, logits: Tensor?, at positions: [Int]? = nil
  ) {
    guard let logits else {
      for row in 0..<candidates.rowCount {
        images.setRow(positions?[row] ?? row, to: candidates, row: row)
      }
      return
    }
    for row in 0..<logits.rowCount {
      let position = positions?[row] ?? row
      if isMet[position] { continue }
      let margin = criteria[position].margin(logits.row(row))
      isMet[position] = criteria[position].isMet(by: logits.argmax(ofRow: row))
      if isMet[position] || margin > margins[position] {
        margins[position] = margin
        images.setRow(position, to: candidates, row: row)
      }
    }
  }

  /// Takes over what meets its criterion at a smaller radius.
  public mutating func inherit(_ smaller: Incumbents) {
    for position in isMet.indices where smaller.isMet[position] {
      isMet[position] = true
      images.setRow(position, to: smaller.images, row: position)
    }
  }
}
