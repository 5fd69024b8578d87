public import Privacy
public import Robustness

/// Descent with noise behind the first layer, so that the network's expected scores cannot move far
/// with a small change of the input. It protects predictions, not training data.
///
/// The noise is added in front of the activation, fresh for every example and step, and its scale
/// follows the sensitivity of the layers in front of it.
public struct PixelDPTraining: NoisySystem {
  public static let information = TrainingSystemInformation(
    name: "pixeldp", summary: "noise behind the first layer, for certificates; no privacy",
    reference:
      "M. Lecuyer et al., Certified Robustness to Adversarial Examples with Differential Privacy, "
      + "2019, Section 3",
    parameters: [
      "epsilon": "of the noise", "delta": "of the noise",
      "size": "the change of the input that it is calibrated to", "norm": "of that change",
      "mechanism": "classic, extended, analytic or laplace",
      "after": "the node it stands behind; none: the first layer with weights; input",
    ])

  public var epsilon = 1.0
  public var delta = 0.05
  public var size = 0.1
  public var norm = Norm.l2
  public var mechanism = Mechanism.analytic
  public var after: String?

  public init() {}

  private var noise: RobustnessNoise { noise(mechanism) }

  public func validate() throws(PrivateTrainingError) { try noise.validate() }

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    try setting.plan({ $0.descend() }, account: .none, noise: noise)
  }
}
