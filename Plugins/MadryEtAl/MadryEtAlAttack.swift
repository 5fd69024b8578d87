public import Robustness
public import Tensors

/// Projected gradient descent on the negative loss, from a random start.
///
///     x <- uniform in the ball, clipped;  x <- clip(project(x + step * steepest ascent at x))
///
/// The start is clipped to the bounds, as in cleverhans 3.1; cleverhans 2 does not.
public struct MadryEtAlAttack: Attack {
  /// How many steps.
  public var steps = 40
  /// The length of a step in the units of the data; nil goes by `relativeStep`.
  public var stepSize: Float?
  /// The length of a step as a part of the radius; nil is 4/3 of `1 / steps`, with
  /// 40 steps the paper's 0.01 for 0.3, so that any number of steps can cross the ball.
  public var relativeStep: Double?
  /// How many random starts.
  public var restarts = 1
  /// False starts the first ascent at the clean image.
  public var randomStart = true

  public static let information = AttackInformation(
    name: "madry", summary: "Small steps along the gradient from a random start (PGD).",
    reference:
      "A. Madry et al.: Towards Deep Learning Models Resistant to Adversarial Attacks, 2018",
    norms: [.linf, .l2, .l1],
    parameters: [
      "steps": "how many steps", "stepSize": "a step's length in the units of the data",
      "relativeStep": "a step's length as a part of the radius, 4/3 of 1/steps where none is given",
      "restarts": "starts, all of them random",
      "randomStart": "false starts the first ascent at the clean image",
    ])

  public init() {}

  public func validate() throws(AttackError) {
    try Self.checkAscent(
      steps: steps, stepSize: stepSize, relativeStep: relativeStep, restarts: restarts)
  }

  public func perturb(
    _ task: AttackTask, against model: any DifferentiableModel
  ) throws -> [Tensor] {
    let step = IteratedAscent.StepSize(stepSize, relative: relativeStep ?? 4 / (3 * Double(steps)))
    return try IteratedAscent(
      steps: steps, stepSize: step, restarts: restarts, start: randomStart ? .random : .clean
    ).run(task, against: model)
  }
}
