internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// A network to be trained: what its layers are, before there are weights.
public struct Architecture: Sendable {
  /// The name on the command line.
  public let name: String
  /// One sentence.
  public let summary: String
  /// The shape it was made for; others of the same rank may do.
  public let inputShape: [Int]
  private let layers: [Part]

  /// A layer without its weights.
  private enum Part: Sendable {
    /// Square kernel, same padding.
    case convolution(Int, filters: Int, stride: Int = 1)
    case relu
    case groupNormalization(groups: Int)
    case maxPool(Int)
    case averagePool(Int)
    case flatten
    case dense(Int)
    /// The dense layer with one output a class.
    case logits
  }

  /// All of them.
  public static let all = [
    Architecture(
      name: "paper-mnist",
      summary: "two 5 x 5 convolutions of 32 and 64 filters, each pooled, 256 hidden units",
      inputShape: [1, 28, 28],
      layers: [
        .convolution(5, filters: 32), .relu, .maxPool(2), .convolution(5, filters: 64), .relu,
        .maxPool(2), .flatten, .dense(256), .relu, .logits,
      ]),
    Architecture(
      name: "paper-cifar",
      summary: "convolutions 3 x 3 of 128, 5 x 5 of 128 and 256 filters, pooled, 256 hidden units",
      inputShape: [3, 32, 32],
      layers: [
        .convolution(3, filters: 128), .relu, .maxPool(2), .convolution(5, filters: 128), .relu,
        .maxPool(2), .convolution(5, filters: 256), .relu, .maxPool(2), .flatten, .dense(256),
        .relu, .logits,
      ]),
    Architecture(
      name: "small-cnn",
      summary: "two 5 x 5 convolutions of 8 and 16 filters, each pooled, 64 hidden units",
      inputShape: [1, 28, 28],
      layers: [
        .convolution(5, filters: 8), .relu, .maxPool(2), .convolution(5, filters: 16), .relu,
        .maxPool(2), .flatten, .dense(64), .relu, .logits,
      ]),
    Architecture(
      name: "small-cnn-gn",
      summary: "small-cnn with group normalization behind its convolutions",
      inputShape: [1, 28, 28],
      layers: [
        .convolution(5, filters: 8), .groupNormalization(groups: 2), .relu, .maxPool(2),
        .convolution(5, filters: 16), .groupNormalization(groups: 4), .relu, .maxPool(2),
        .flatten, .dense(64), .relu, .logits,
      ]),
    // N. Phan et al., "Scalable Differential Privacy with Certified Robustness in Adversarial
    // Learning", 2020, with groups normalised where they have batches, which mix examples.
    Architecture(
      name: "paper-stobatch",
      summary: "two 5 x 5 convolutions of stride 2, 32 and 64 filters, the first pooled, 256 "
        + "hidden units, group normalization",
      inputShape: [1, 28, 28],
      layers: [
        .convolution(5, filters: 32, stride: 2), .relu, .groupNormalization(groups: 8),
        .averagePool(2), .convolution(5, filters: 64, stride: 2), .relu, .flatten, .dense(256),
        .groupNormalization(groups: 1), .relu, .logits,
      ]),
    Architecture(
      name: "mlp", summary: "two hidden layers of 256 units", inputShape: [1, 28, 28],
      layers: [.flatten, .dense(256), .relu, .dense(256), .relu, .logits]),
    Architecture(
      name: "linear", summary: "one linear layer", inputShape: [1, 28, 28],
      layers: [.flatten, .logits]),
  ]

  /// The one of this name, or nil.
  public static func named(_ name: String) -> Architecture? { all.first { $0.name == name } }

  /// A network with random weights: `normal(0, 2 / fan-in)` where a ReLU follows (K. He et al.,
  /// "Delving Deep into Rectifiers", 2015), `uniform(+-sqrt(6 / (fan-in + fan-out)))` otherwise
  /// (X. Glorot, Y. Bengio, 2010); biases are zero.
  ///
  /// - Parameters:
  ///   - inputShape: of one example; nil for the architecture's own.
  ///   - normalization: a mean and a standard deviation for each channel, or one for all; the
  ///     network then begins with `(x - mean) / deviation`.
  ///   - seed: decides the weights; each layer has its own numbers.
  /// - Throws: ``NetworkError`` where the shape does not fit the layers.
  public func makeNetwork(
    inputShape: [Int]? = nil, classes: Int,
    normalization: (mean: [Float], deviation: [Float])? = nil, seed: UInt64
  ) throws(NetworkError) -> Network {
    var network = Network(inputShape: inputShape ?? self.inputShape)
    if let (mean, deviation) = normalization {
      try network.append(
        Affine(
          scale: deviation.map { 1 / $0 }, shift: zip(mean, deviation).map { -$0 / $1 }),
        named: "normalize")
    }
    var names: [String: Int] = [:]
    func name(_ stem: String) -> String {
      names[stem, default: 0] += 1
      return "\(stem)\(names[stem] ?? 0)"
    }
    for (index, part) in layers.enumerated() {
      var rectified = false
      if index + 1 < layers.count, case .relu = layers[index + 1] { rectified = true }
      let shape = network.outputShape
      func weights(_ shape: [Int]) -> Tensor {
        Self.weights(shape, rectified: rectified, key: .init(seed, index))
      }
      switch part {
      case .convolution(let kernel, let filters, let stride):
        try network.append(
          Convolution(
            weight: weights([filters, shape.first ?? 1, kernel, kernel]),
            bias: Tensor(shape: [filters]), stride: .init(stride, stride),
            padding: Padding(all: kernel / 2)),
          named: name("conv"))
      case .relu: try network.append(Activation(.relu), named: name("relu"))
      case .groupNormalization(let groups):
        try network.append(
          GroupNormalization(groups: groups, channels: shape.first ?? 1), named: name("norm"))
      case .maxPool(let size):
        try network.append(MaxPool(kernel: .init(size, size)), named: name("pool"))
      case .averagePool(let size):
        try network.append(AveragePool(kernel: .init(size, size)), named: name("pool"))
      case .flatten: try network.append(Reshape([shape.elementCount]), named: name("flatten"))
      case .dense(let units):
        try network.append(
          Dense(
            weight: weights([units, shape.elementCount]), bias: Tensor(shape: [units])),
          named: name("dense"))
      case .logits:
        try network.append(
          Dense(
            weight: weights([classes, shape.elementCount]), bias: Tensor(shape: [classes])),
          named: "logits")
      }
    }
    return network
  }

  private static func weights(_ shape: [Int], rectified: Bool, key: RandomKey) -> Tensor {
    let fanIn = shape.dropFirst().reduce(1, *)
    let fanOut = shape[0] * shape.dropFirst(2).reduce(1, *)
    if rectified {
      let deviation = (2 / Float(fanIn)).squareRoot()
      return Tensor(
        shape: shape, values: key.normals(shape.elementCount).map { $0 * deviation })
    }
    let limit = (6 / Float(fanIn + fanOut)).squareRoot()
    return Tensor(
      shape: shape, values: key.uniforms(shape.elementCount).map { (2 * $0 - 1) * limit })
  }
}

extension RandomKey {
  /// The initial weights of one layer.
  fileprivate init(_ seed: UInt64, _ layer: Int) {
    self.init(seed: seed, purpose: .weights, example: layer)
  }
}
