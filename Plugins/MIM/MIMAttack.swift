public import Robustness
public import Tensors

/// The momentum iterative method: the iterated method along an accumulated gradient.
///
///     v <- decay * v + g / max(1e-12, mean |g|);  x <- clip(project(x + step * steepest ascent of v))
///
/// The mean is over one example's values. A gradient of zero adds nothing and the momentum carries
/// on; a value that is not a number counts as zero.
public struct MIMAttack: Attack {
  /// How many steps.
  public var steps = 10
  /// The length of a step in the units of the data; nil goes by `relativeStep`.
  public var stepSize: Float?
  /// The length of a step as a part of the radius; nil is `1 / steps`.
  public var relativeStep: Double?
  /// What a step keeps of the momentum.
  public var decay: Float = 1
  /// How many starts; the first is the clean image, others are random.
  public var restarts = 1

  public static let information = AttackInformation(
    name: "mim", summary: "Small steps along a gradient with momentum.",
    reference: "Y. Dong et al.: Boosting Adversarial Attacks with Momentum, 2018",
    norms: [.linf, .l2, .l1],
    parameters: [
      "steps": "how many steps", "stepSize": "a step's length in the units of the data",
      "relativeStep": "a step's length as a part of the radius, 1/steps where none is given",
      "decay": "what a step keeps of the momentum",
      "restarts": "starts; the first is the clean image, others are random",
    ])

  public init() {}

  public func validate() throws(AttackError) {
    try Self.checkAscent(
      steps: steps, stepSize: stepSize, relativeStep: relativeStep, restarts: restarts)
    try Self.check(decay, "decay", in: 0...10)
  }

  public func perturb(
    _ task: AttackTask, against model: any DifferentiableModel
  ) throws -> [Tensor] {
    let step = IteratedAscent.StepSize(stepSize, relative: relativeStep ?? 1 / Double(steps))
    let decay = decay
    return try IteratedAscent(steps: steps, stepSize: step, restarts: restarts) {
      gradient, momentum in
      var total = 0.0
      for value in gradient where value.isFinite { total += Double(value.magnitude) }
      let scale = 1 / max(1e-12, total / Double(gradient.count))
      for index in momentum.indices {
        let value = gradient[index]
        let move = value.isFinite ? Float(Double(value) * scale) : 0
        momentum[index] = decay * momentum[index] + move
      }
    }.run(task, against: model)
  }
}
