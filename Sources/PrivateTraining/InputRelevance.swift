internal import Certification
internal import NeuralNetworks
internal import Tensors

/// How relevant each input value is to a network's score of the label, on average over examples:
/// layer-wise relevance propagation.
///
/// For a network of ReLU, maxima and linear layers the epsilon rule with a small epsilon is the
/// input times the gradient of the score (M. Ancona et al., "Towards Better Understanding of
/// Gradient-Based Attribution Methods", 2018, Proposition 1). Each example's relevances are divided
/// by the largest in size, so that they lie in [-1, 1]: one example in another's place moves the
/// mean by at most
/// `2 d / examples` in l1 (N. Phan et al., "Adaptive Laplace Mechanism", 2017, Section IV.A).
enum InputRelevance {
  /// The mean over the data, one number an input value, each in [-1, 1].
  static func mean(
    in network: Network, data: TrainingData, threads: Int
  ) throws -> [Double] {
    let classes = network.outputShape.elementCount
    let sums = try HiddenGradients(network, at: 0).sum(
      count: data.count, threads: threads, images: { try data.images(Array($0)) },
      labels: data.labels,
      cotangent: { _, label, result in
        for index in 0..<classes { result[index] = index == label ? 1 : 0 }
      },
      contribution: { values, gradient, sums in
        var largest: Float = 0
        for index in values.indices { largest = max(largest, abs(values[index] * gradient[index])) }
        guard largest > 0, largest.isFinite else { return }
        for index in values.indices {
          sums[index] += Double(values[index] * gradient[index] / largest)
        }
      })
    return sums.map { $0 / Double(data.count) }
  }

  /// beta: how a budget is shared out, `d |R_j| / sum |R|`, with no |R_j| below the floor.
  static func shares(_ relevance: [Double], floor: Double) -> [Double] {
    let sizes = relevance.map { max(abs($0), floor) }
    let sum = sizes.reduce(0, +)
    return sizes.map { $0 * Double(sizes.count) / sum }
  }

  /// The mean with Laplace noise of scale `2 d / (examples epsilon)`: epsilon-private for one
  /// example in another's place.
  static func privateMean(
    in network: Network, data: TrainingData, epsilon: Double, randomness: PrivateRandomness,
    threads: Int
  ) throws -> [Double] {
    let mean = try mean(in: network, data: data, threads: threads)
    let scale = 2 * Double(mean.count) / (Double(data.count) * epsilon)
    let noise = randomness.laplace(mean.count, draw: LocalRelease.Draw.relevance, part: 0)
    return zip(mean, noise).map { $0 + scale * $1 }
  }
}
