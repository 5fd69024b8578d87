public import NeuralNetworks
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

extension Redistribution {
  /// Shares proportional to relevances that somebody else computed from examples.
  package init(relevance: [Double], examples: Int) throws(CertificationError) {
    var record = Record(.relevance)
    (record.beta, record.examples) = (1, examples)
    try self.init(weights: relevance, floor: Redistribution.defaultFloor, record)
  }

  /// Shares proportional to how much the loss of a trained network depends on each value:
  /// `s_k = mean over examples of |dL / dh_k|^beta`, L the softmax cross-entropy of the label, in a
  /// pass without noise (Phan et al., 2019, Equation 7).
  ///
  /// It is a function of the examples: where those are private, what is released with it is not
  /// covered by the privacy accounting of the training (`record.caveat`). The result does not
  /// depend, to the bit, on the number of threads.
  ///
  /// - Parameters:
  ///   - value: the number of the value that noise is added to.
  ///   - images: `[examples, inputShape...]`, at least one.
  ///   - labels: classes, one an example.
  ///   - beta: positive; the larger, the more goes to the most relevant.
  ///   - floor: in (0, 1].
  /// - Throws: ``CertificationError/noise(problem:)`` where not all of the output depends on the
  ///   input through the value, ``CertificationError/parameter(name:problem:)``.
  public static func relevance(
    in network: Network, at value: Int, images: Tensor, labels: [Int], beta: Double = 1,
    floor: Double = defaultFloor, threads: Int = 1
  ) throws(CertificationError) -> Redistribution {
    precondition(
      Array(images.shape.dropFirst()) == network.inputShape,
      "images \(images.shape) for a network of \(network.inputShape)")
    precondition(
      images.rowCount == labels.count, "\(labels.count) labels, \(images.rowCount) images")
    guard beta > 0, beta.isFinite else {
      throw .parameter(name: "beta", problem: "is \(beta), expected a positive number")
    }
    guard !labels.isEmpty else {
      throw .parameter(name: "examples", problem: "are none, expected at least one")
    }
    let classes = network.outputShape.reduce(1, *)
    if let index = labels.firstIndex(where: { !(0..<classes).contains($0) }) {
      throw .parameter(
        name: "examples",
        problem: "have label \(labels[index]) at \(index), expected one of \(classes) classes")
    }
    let gradients: HiddenGradients
    do throws(NetworkError) {
      gradients = try HiddenGradients(network, at: value)
    } catch {
      throw .noise(problem: error.description)
    }
    var record = Record(.relevance)
    (record.beta, record.examples) = (beta, labels.count)
    record.caveat =
      "the redistribution of the noise was computed from \(labels.count) examples: a privacy figure "
      + "for those examples does not cover it"
    let sums = gradients.sum(
      count: labels.count, threads: max(1, threads), images: { images.rows($0) },
      labels: labels, cotangent: HiddenGradients.lossGradient
    ) { _, gradient, sums in
      for (index, value) in gradient.enumerated() {
        let size = abs(Double(value))
        sums[index] += beta == 1 ? size : pow(size, beta)
      }
    }
    return try Redistribution(
      weights: sums.map { $0 / Double(labels.count) }, floor: floor, record)
  }
}
