internal import Robustness
internal import Tensors

/// The image recorded for each example so far; it starts as the clean one and is replaced only by
/// a better one, so that accuracy never rises with the size.
struct Candidates {
  private(set) var images: Tensor
  /// The subject's scores of `images`.
  private(set) var scores: Tensor
  private let criteria: [Criterion?]
  private let labels: [Int]

  init(clean: Tensor, scores: Tensor, criteria: [Criterion?], labels: [Int]) {
    images = clean
    self.scores = scores
    self.criteria = criteria
    self.labels = labels
  }

  /// Takes the proposal at `position` for the example at `row` unless what is there is better.
  ///
  /// One that meets the goal is better than one that does not, then one that is not classified as
  /// labelled than one that is. Between equals `.best` takes the larger margin of the goal in
  /// scores and, where those tie, keeps what it has; `.last` takes the proposal, as the papers do.
  mutating func offer(
    _ proposal: Tensor, _ proposed: Tensor, from position: Int, to row: Int,
    choice: AttackTask.Choice
  ) {
    guard let criterion = criteria[row] else { return }
    let old = rank(scores.row(row), criterion, label: labels[row])
    let new = rank(proposed.row(position), criterion, label: labels[row])
    if old.merit != new.merit {
      if old.merit > new.merit { return }
    } else if choice == .best, !(new.margin > old.margin) {
      return
    }
    images.setRow(row, to: proposal, row: position)
    scores.setRow(row, to: proposed, row: position)
  }

  /// NaN logits meet no goal and are classified as nothing.
  private func rank(
    _ logits: ArraySlice<Float>, _ criterion: Criterion, label: Int
  ) -> (merit: Int, margin: Double) {
    let row = Tensor(shape: [1, logits.count], values: Array(logits))
    let prediction = row.predictions()[0]
    return (
      (criterion.isMet(by: prediction) ? 2 : 0) + (prediction != label ? 1 : 0),
      criterion.margin(logits)
    )
  }
}
