/// What the systems of the heterogeneous Gaussian mechanism have in common.
///
/// N. Phan et al., "Heterogeneous Gaussian Mechanism", 2019, Theorem 3 and Equations 6 and 7.
///
/// The papers calibrate the noise to a change in linf. All feature maps are released together, so
/// that is dear: behind the first layer of `paper-mnist` with initial weights (seed 0, r from the
/// weights, epsilon 4, delta 1e-5) a change of 0.1 in linf has sensitivity 267.7 and takes noise of
/// scale 34.4, one of 0.5 in l2 has 9.774 and takes 6.28. With the first, training ends at chance;
/// hence l2 where nothing else is asked.
public enum HGMNoise {
  /// Where r, how the noise is shared out among the hidden values, comes from.
  public enum Shares: Sendable, Equatable, CustomStringConvertible {
    case uniform
    /// From the weights, so that the bound on the sensitivity is smallest; follows them.
    case weights
    /// Normalised exponential numbers.
    case random
    /// Equation 7: the mean gradient of the training examples, as published.
    case relevance
    /// Equation 7 released with Gaussian noise of its own, which is accounted for.
    case privateRelevance
    /// From a file of numbers, a JSON array or `.npy`.
    case file(String)

    private static let named: [(name: String, shares: Shares)] = [
      ("uniform", .uniform), ("weights", .weights), ("random", .random),
      ("relevance", .relevance), ("private-relevance", .privateRelevance),
    ]

    /// One of the names, or a path.
    init(_ text: String) {
      self = Self.named.first { $0.name == text }?.shares ?? .file(text)
    }

    public var description: String {
      if case .file(let path) = self { return path }
      return Self.named.first { $0.shares == self }?.name ?? ""
    }
  }

  static let parameters = [
    "epsilon": "of the noise behind the first layer", "delta": "of that noise",
    "size": "the change of the input that it is calibrated to", "norm": "of that change",
    "after": "the node it stands behind; none: the first layer with weights; input",
    "r": "how it is shared out: uniform, weights, random, relevance, private-relevance or a file",
    "form": "sound or published",
  ]
}

extension HGMNoise.Shares: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
