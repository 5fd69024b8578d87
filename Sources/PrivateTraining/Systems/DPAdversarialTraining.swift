/// ``DPSGD`` on adversarial examples that are crafted within the step from the sampled examples.
///
/// An adversarial image depends on its own example and on the weights, which are released: so its
/// gradient, clipped, moves with one example as a clean one does, and the accounting is that of
/// ``DPSGD`` without a change. It needs no noise on inputs or labels.
public struct DPAdversarialTraining: TrainingSystem {
  public static let information = TrainingSystemInformation(
    name: "dp-adversarial",
    summary: "dp-sgd on adversarial images of the sampled examples",
    reference:
      "M. Abadi et al., 2016, Algorithm 1, on the images of A. Madry et al., 2018",
    options: [.attacks, .gaussianDescent, .layers])

  public init() {}

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    let adversary = try setting.neededAdversary()
    let method = try setting.privacy.descent(setting)
    var account = PrivacyAccount(method)
    account.assumptions.append(
      "an adversarial image depends on its own example, the released weights and the step alone")
    return TrainingPlan(
      network: setting.network, method: try setting.descend(by: method), account: account,
      images: { try adversary.images(for: $0) })
  }
}
