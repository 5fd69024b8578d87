public import Robustness
public import Tensors

/// The iterated fast gradient sign method, or basic iterative method: small steps from the clean
/// image, each brought back into the ball and the bounds.
///
///     x <- clip(project(x + step * steepest ascent of the loss at x))
public struct IFGSMAttack: Attack {
  /// How many steps.
  public var steps = 10
  /// The length of a step in the units of the data; nil goes by `relativeStep`.
  public var stepSize: Float?
  /// The length of a step as a part of the radius; nil is `1 / steps`.
  public var relativeStep: Double?
  /// How many starts; the first is the clean image, others are random.
  public var restarts = 1

  public static let information = AttackInformation(
    name: "i-fgsm", summary: "Small steps along the gradient from the clean image.",
    reference:
      "A. Kurakin, I. Goodfellow, S. Bengio: Adversarial Examples in the Physical World, 2017",
    norms: [.linf, .l2, .l1],
    parameters: [
      "steps": "how many steps", "stepSize": "a step's length in the units of the data",
      "relativeStep": "a step's length as a part of the radius, 1/steps where none is given",
      "restarts": "starts; the first is the clean image, others are random",
    ])

  public init() {}

  public func validate() throws(AttackError) {
    try Self.checkAscent(
      steps: steps, stepSize: stepSize, relativeStep: relativeStep, restarts: restarts)
  }

  public func perturb(
    _ task: AttackTask, against model: any DifferentiableModel
  ) throws -> [Tensor] {
    let step = IteratedAscent.StepSize(stepSize, relative: relativeStep ?? 1 / Double(steps))
    return try IteratedAscent(steps: steps, stepSize: step, restarts: restarts)
      .run(task, against: model)
  }
}
