/// Descent along the mean gradient of batches, by the optimizer of the configuration.
public struct SGDTraining: TrainingSystem {
  public static let information = TrainingSystemInformation(
    name: "sgd", summary: "descent along batches' gradients; no privacy",
    reference: "H. Robbins, S. Monro, A Stochastic Approximation Method, 1951",
    options: [.layers])

  public init() {}

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    TrainingPlan(network: setting.network, method: setting.descend(), account: .none)
  }
}
