internal import Certification
internal import NeuralNetworks
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// r from how much the loss of the training examples depends on each hidden value
/// (N. Phan et al., "Heterogeneous Gaussian Mechanism", 2019, Equation 7), released with privacy:
/// each example's vector of |dL / dh_k| is limited to a Euclidean norm, noise is added to the sum.
///
/// One Gaussian mechanism with the noise multiplier, for one example added or removed. Cost: a
/// forward and a backward pass over the data.
struct PrivateRelevance: Sendable {
  /// What one example's vector is limited to.
  var norm: Double
  var noiseMultiplier: Double
  var randomness: PrivateRandomness

  /// - Parameter release: nil: the mean of the examples as it is, without limit and noise.
  static func shares(
    in network: Network, at value: Int, data: TrainingData, threads: Int,
    releasedBy release: PrivateRelevance?
  ) throws -> Redistribution {
    let (norm, count) = (release?.norm, network.shapes[value].elementCount)
    var sums = try HiddenGradients(network, at: value).sum(
      count: data.count, threads: threads, images: { try data.images(Array($0)) },
      labels: data.labels, cotangent: HiddenGradients.lossGradient
    ) { _, gradient, sums in
      var factor = 1.0
      if let norm {
        let length = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        // An example whose gradient is no number must not show itself.
        factor = length.isFinite ? min(1, norm / max(length, .leastNormalMagnitude)) : 0
        if factor == 0 { return }
        factor *= 1 - 0x1p-40
      }
      for index in sums.indices { sums[index] += factor * abs(Double(gradient[index])) }
    }
    if let release {
      let noise = release.randomness.normals(count, draw: 0, part: 1 << 20)
      for index in sums.indices {
        sums[index] += release.noiseMultiplier * release.norm * noise[index]
      }
    }
    return try Redistribution(relevance: sums.map { max($0, 0) }, examples: data.count)
  }
}
