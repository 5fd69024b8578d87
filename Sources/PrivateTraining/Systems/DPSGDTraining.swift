/// ``DPSGD`` by name.
public struct DPSGDTraining: TrainingSystem {
  public static let information = TrainingSystemInformation(
    name: "dp-sgd",
    summary: "Poisson samples, gradients clipped example by example, Gaussian noise",
    reference:
      "M. Abadi et al., Deep Learning with Differential Privacy, 2016, Algorithm 1",
    options: [.gaussianDescent, .layers])

  public init() {}

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    let method = try setting.privacy.descent(setting)
    return TrainingPlan(
      network: setting.network, method: try setting.descend(by: method),
      account: PrivacyAccount(method))
  }
}
