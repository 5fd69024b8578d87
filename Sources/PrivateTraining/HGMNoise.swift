/// What the systems of the heterogeneous Gaussian mechanism have in common.
///
/// N. Phan et al., "Heterogeneous Gaussian Mechanism", 2019, Theorem 3 and Equations 6 and 7.
public enum HGMNoise {
  /// Where r, how the noise is shared out among the hidden values, comes from.
  public enum Shares: String, Sendable, Codable, CaseIterable {
    case uniform
    /// From the weights, so that the bound on the sensitivity is smallest; follows them.
    case weights
    /// Normalised exponential numbers.
    case random
    /// Equation 7: the mean gradient of the training examples, as published.
    case relevance
    /// Equation 7 released with Gaussian noise of its own, which is accounted for.
    case privateRelevance = "private-relevance"
  }

  static let parameters = [
    "epsilon": "of the noise behind the first layer", "delta": "of that noise",
    "size": "the change of the input that it is calibrated to", "norm": "of that change",
    "after": "the node it stands behind; none: the first layer with weights; input",
    "r": "uniform, weights, random, relevance or private-relevance",
    "form": "sound or published",
  ]
}
