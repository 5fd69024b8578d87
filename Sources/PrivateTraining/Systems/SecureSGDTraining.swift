internal import NeuralNetworks
internal import Privacy
public import Robustness

/// Secure-SGD: ``DPSGD`` on a network with noise of the heterogeneous Gaussian mechanism behind its
/// first layer, so that its training data are private and its predictions can be certified.
///
/// N. Phan et al., "Heterogeneous Gaussian Mechanism: Preserving Differential Privacy in Deep
/// Learning with Provable Robustness", 2019, Algorithm 1; its lines stand in the code.
///
/// | | `sound` | `published` |
/// |---|---|---|
/// | line 3, the noise of the first layer | fresh for every example and step | drawn once |
/// | r, Equation 7 | from the weights, even, random, a file, or released privately | from the data |
/// | sensitivity | the smallest proved bound | the printed bound of Section 4, in linf |
///
/// Relevances are those of the network with its initial weights: the paper's pretrained network
/// would be a release of its own.
///
/// One draw of noise is a bias and hides nothing; r computed from the examples shows in the weights
/// and in every prediction, and no accountant counts it.
public struct SecureSGDTraining: NoisySystem {
  public static let information = TrainingSystemInformation(
    name: "secure-sgd", summary: "dp-sgd with the noise of hgm-pixeldp",
    reference: "N. Phan et al., Heterogeneous Gaussian Mechanism, 2019, Algorithm 1",
    options: [.gaussianDescent],
    parameters: HGMNoise.parameters.merging(
      [
        "relevanceClip": "what private-relevance limits an example's relevance to",
        "relevanceNoise": "the noise multiplier of private-relevance",
      ], uniquingKeysWith: { $1 }))

  public var epsilon = 4.0
  public var delta = 1e-5
  public var size = 0.5
  public var norm = Norm.l2
  public var after: String?
  public var r = HGMNoise.Shares.weights
  public var form = SystemForm.sound
  public var relevanceClip = 0.1
  public var relevanceNoise = 30.0

  public init() {}

  private var noise: RobustnessNoise { noise(.extended) }

  public func validate() throws(PrivateTrainingError) {
    try noise.validate()
    for (name, value) in [
      ("relevanceClip", relevanceClip), ("relevanceNoise", relevanceNoise),
    ] where !(value > 0 && value.isFinite) {
      throw .parameter(name: name, problem: "must be positive and finite, not \(value)")
    }
    if form == .published, r != .relevance {
      throw .parameter(
        name: "r", problem: "must be relevance in the published form, computed from the data")
    }
    if r == .relevance && form == .sound {
      throw .parameter(
        name: "r",
        problem: "is relevance, computed from the private data, which form=published does and no "
          + "privacy figure covers; private-relevance is the form that one covers")
    }
  }

  public func plan(_ setting: TrainingSetting) throws -> TrainingPlan {
    let beside: PrivacyEvent? =
      r == .privateRelevance ? .gaussian(noiseMultiplier: relevanceNoise) : nil
    // Lines 4 to 16: Poisson batches, clipping to C, noise sigma C, the mean over m.
    let method = try setting.privacy.descent(setting, beside: beside)
    var account = PrivacyAccount(method, beside: beside)
    if case .file(let path) = r {
      account.assumptions.append("the shares of noise in '\(path)' do not depend on the data")
    }
    if form == .published {
      let target = setting.privacy.target
      let claimed = try PLDAccountant().epsilon(
        of: method.event(steps: setting.steps), delta: target.delta)
      account.published = .init(
        epsilon: claimed.isFinite ? claimed : nil, delta: target.delta)
      account.violations.append(
        "r is a function of the private examples and shapes the noise of training and of every "
          + "prediction: one example can be told from another by it, whatever noise the gradients "
          + "have")
    }
    return try setting.plan(
      { try $0.descend(by: method) }, account: account, noise: noise, shares: r,
      // Line 3: gamma, in the published form one draw for the run.
      sharing: form == .published ? .run : nil,
      release: PrivateRelevance(
        norm: relevanceClip, noiseMultiplier: relevanceNoise,
        randomness: PrivateRandomness(method.randomness, seed: setting.configuration.seed)))
  }
}
