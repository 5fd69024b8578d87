internal import NeuralNetworks
internal import Privacy
public import Robustness

/// ``SecureSGDTraining`` with the analytic Gaussian mechanism and even noise.
public struct SecureSGDAGMTraining: NoisySystem {
  public static let information = TrainingSystemInformation(
    name: "secure-sgd-agm", summary: "secure-sgd with the analytic Gaussian mechanism, r even",
    reference:
      "N. Phan et al., 2019, Section 5; B. Balle, Y.-X. Wang, Improving the Gaussian Mechanism for "
      + "Differential Privacy, 2018, Algorithm 1",
    options: [.gaussianDescent],
    parameters: HGMNoise.parameters.filter { $0.key != "r" })

  public var epsilon = 4.0
  public var delta = 1e-5
  public var size = 0.5
  public var norm = Norm.l2
  public var after: String?
  public var form = SystemForm.sound

  public init() {}

  private var noise: RobustnessNoise { noise(.analytic) }

  public func validate() throws(PrivateTrainingError) { try noise.validate() }

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    let method = try setting.privacy.descent(setting)
    return try setting.plan(
      { try $0.descend(by: method) }, account: PrivacyAccount(method), noise: noise,
      sharing: form == .published ? .run : nil)
  }
}
