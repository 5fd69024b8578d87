internal import Privacy
public import Robustness

/// ``PixelDPTraining`` with the heterogeneous Gaussian mechanism: valid for every epsilon, and the
/// noise shared out unevenly among the hidden values. It protects predictions, not training data.
///
/// | | `sound` | `published` |
/// |---|---|---|
/// | sensitivity | the smallest proved bound | the printed bound of Section 4, in linf |
///
/// Both forms' noise is enough for its epsilon; what was printed and fails is the radius that
/// follows from it, the certifier `as-published:hgm-pixeldp`.
public struct HGMPixelDPTraining: NoisySystem {
  public static let information = TrainingSystemInformation(
    name: "hgm-pixeldp",
    summary: "as pixeldp, the noise shared out by r and proved for every epsilon; no privacy",
    reference:
      "N. Phan et al., Heterogeneous Gaussian Mechanism, 2019, Theorem 3 and Section 4",
    parameters: HGMNoise.parameters)

  public var epsilon = 4.0
  public var delta = 1e-5
  public var size = 0.5
  public var norm = Norm.l2
  public var after: String?
  public var r = HGMNoise.Shares.weights
  public var form = SystemForm.sound

  public init() {}

  private var noise: RobustnessNoise { noise(.extended) }

  public func validate() throws(PrivateTrainingError) {
    try noise.validate()
    if r == .privateRelevance {
      throw .parameter(
        name: "r", problem: "is private-relevance, but the method gives training data no privacy")
    }
  }

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    try setting.plan({ $0.descend() }, account: .none, noise: noise, shares: r)
  }
}
