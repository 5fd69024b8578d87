internal import Certification
internal import NeuralNetworks
internal import Privacy
internal import Robustness
internal import Tensors

/// A system whose parameters say what its ``RobustnessNoise`` hides.
protocol NoisySystem: TrainingSystem {
  var epsilon: Double { get }
  var delta: Double { get }
  var size: Double { get }
  var norm: Norm { get }
  var after: String? { get }
}

extension NoisySystem {
  /// The noise by a mechanism; as published, with the printed bound on the sensitivity.
  func noise(_ mechanism: Mechanism) -> RobustnessNoise {
    RobustnessNoise(
      mechanism: mechanism, epsilon: epsilon, delta: delta, size: size, norm: norm, node: after,
      bound: form == .published ? .printed : .smallest)
  }
}

/// Noise behind a layer that hides changes of the input: values for inputs `size` apart in `norm`
/// are (epsilon, delta)-indistinguishable.
///
/// M. Lecuyer et al., "Certified Robustness to Adversarial Examples with Differential Privacy",
/// 2019, Section 3.2; shared out unevenly: N. Phan et al., "Heterogeneous Gaussian Mechanism",
/// 2019, Theorem 3. What it hides depends on the layers in front of it, so its scale follows their
/// weights.
struct RobustnessNoise: Sendable {
  /// Which bound on the sensitivity.
  enum Bound: Sendable {
    case smallest
    /// The printed one of Section 4 of the paper, for linf.
    case printed
  }

  var mechanism: Mechanism
  var epsilon: Double
  var delta: Double
  var size: Double
  var norm: Norm
  /// The node it stands behind; nil: the first layer with weights; "input": the input.
  var node: String?
  var bound = Bound.smallest

  var family: NoiseFamily { mechanism == .laplace ? .laplace : .gaussian }

  func validate() throws(PrivateTrainingError) {
    for (name, value) in [("epsilon", epsilon), ("size", size)]
    where !(value > 0 && value.isFinite) {
      throw .parameter(name: name, problem: "must be positive and finite, not \(value)")
    }
    if bound == .printed, norm != .linf {
      throw .parameter(
        name: "norm",
        problem: "must be linf in the published form, whose sensitivity is printed for it alone")
    }
    guard mechanism == .laplace ? delta == 0 : delta > 0 && delta < 1 else {
      throw .parameter(
        name: "delta",
        problem: mechanism == .laplace
          ? "must be 0 for Laplace noise, not \(delta)" : "must be in (0, 1), not \(delta)")
    }
  }

  /// The value that noise is added to.
  func value(in network: Network) throws(PrivateTrainingError) -> Int {
    if node == "input" { return 0 }
    if let node {
      guard let value = network.value(ofNode: node) else {
        throw .parameter(name: "after", problem: "names node '\(node)', which there is not")
      }
      return value
    }
    guard let index = network.nodes.firstIndex(where: { !$0.layer.parameters.isEmpty }) else {
      throw .network(problem: "there is no layer with weights to put noise behind")
    }
    return index + 1
  }

  /// The noise for the weights as they are.
  ///
  /// - Parameter relativeScales: `sqrt(K r_k)` for each value; nil: even.
  /// - Throws: `CertificationError` where a layer in front is not affine, or the norm has no
  ///   sensitivity; `PrivacyError`.
  func calibrated(
    in network: Network, at value: Int, relativeScales: Tensor?
  ) throws -> Noise {
    var noise = Noise(family, scale: 1, relativeScales: relativeScales)
    let found = try Sensitivity.bounds(
      LinearMap(prefixOf: network, upTo: value), redistribution: Redistribution.shares(of: noise),
      from: norm, to: family == .gaussian ? .l2 : .l1)
    var sensitivity = found.smallest.value
    if bound == .printed, let printed = found.bounds.first(where: { $0.method == .printed }) {
      sensitivity = printed.value
    }
    noise.scale =
      Float(
        try mechanism.scale(
          epsilon: epsilon, delta: delta, sensitivity: sensitivity * size, beyondProof: true)
      ).nextUp
    guard noise.scale.isFinite else {
      throw PrivateTrainingError.network(
        problem: "the noise that hides a change of \(size) has scale \(noise.scale)")
    }
    return noise
  }
}
