/// Descent on adversarial examples against the network as it is: one attack or several that take
/// turns, at the whole radius or a random part of it.
public struct AdversarialTraining: TrainingSystem {
  public static let information = TrainingSystemInformation(
    name: "adversarial", summary: "descent on adversarial images; no privacy",
    reference:
      "A. Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, 2018",
    options: [.attacks, .layers])

  public init() {}

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    let adversary = try setting.neededAdversary()
    return TrainingPlan(
      network: setting.network, method: setting.descend(), account: .none,
      images: { try adversary.images(for: $0) })
  }
}

extension TrainingSetting {
  /// - Throws: ``PrivateTrainingError/parameter(name:problem:)`` without one.
  func neededAdversary() throws(PrivateTrainingError) -> Adversary {
    guard let adversary else {
      throw .parameter(name: "attack", problem: "is missing: the method trains on its images")
    }
    return adversary
  }
}
