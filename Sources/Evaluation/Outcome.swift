public import Robustness
public import Tensors

/// The model's answer for the clean image of an example.
public struct CleanOutcome: Sendable, Hashable {
  public var label: Int
  public var verdict: Verdict
  /// The label's score less the largest other: logits, or shares of the selection draws' votes.
  public var margin: Float

  /// Nil where the model predicts nothing.
  public var prediction: Int? { verdict.prediction }

  /// True where the label is predicted.
  public var isCorrect: Bool { prediction == label }
}

/// What became of one example under one attack at one size.
public struct Outcome: Sendable, Hashable {
  /// Nil where the model predicts nothing for the clean image and the goal is its prediction.
  public var criterion: Criterion?
  /// False where the goal was met before the attack began, so that none was made.
  public var isAttacked: Bool
  /// True where the recorded image meets the goal.
  public var isSuccess: Bool
  /// True where the clean and the recorded image are both classified as labelled.
  public var isCorrect: Bool
  /// For the recorded image.
  public var verdict: Verdict
  /// For the recorded image: as `CleanOutcome.margin`.
  public var margin: Float
  /// From the clean image to the recorded one.
  public var distances: Distances
  /// What the attack asked of the model for this example, for all sizes together.
  public var cost: Cost
  /// Whether the image still meets the goal when it is rounded to 8 bits inside its ball; nil where
  /// that was not asked.
  public var isEightBitSuccess: Bool?
  /// True where the proposal held a NaN or an infinity, or was outside of the ball or the bounds.
  public var wasNotFinite: Bool, wasOutside: Bool

  /// For the recorded image; nil where the model predicts nothing.
  public var prediction: Int? { verdict.prediction }
}

/// Some consecutive examples under one attack at one size.
public struct AttackedChunk: Sendable {
  /// The recorded images, verified, like `ChunkOutcome.batch.images`.
  public var images: Tensor
  /// One for each example.
  public var outcomes: [Outcome]
}

/// Some consecutive examples under everything in the plan.
public struct ChunkOutcome: Sendable {
  /// The clean images.
  public var batch: Batch
  public var clean: [CleanOutcome]
  /// By entry of the plan, then by its sizes in ascending order.
  public var attacked: [[AttackedChunk]]
  /// What each entry took, in seconds of one thread.
  public var seconds: [Double]
  /// What the verdicts on the clean images took.
  public var cleanSeconds: Double
}
