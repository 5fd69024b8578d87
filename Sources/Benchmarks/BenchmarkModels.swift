import NeuralNetworks
import Tensors

/// The networks that are timed, with random weights.
enum BenchmarkModel: String, CaseIterable {
  case paperMNIST = "paper-mnist"
  case paperCIFAR = "paper-cifar"
  case resNet18 = "resnet-18"

  /// The network; the same weights at every call.
  func network() throws -> Network {
    switch self {
    case .resNet18: return try Self.resNet()
    case .paperMNIST, .paperCIFAR:
      guard let architecture = Architecture.named(rawValue) else {
        throw BenchmarkError.unknown(rawValue, known: Architecture.all.map(\.name))
      }
      return try architecture.makeNetwork(classes: 10, seed: 1)
    }
  }

  /// ResNet-18 for 64 x 64 images and 200 classes, batch normalisation folded (K. He et al., 2016).
  private static func resNet() throws -> Network {
    var network = Network(inputShape: [3, 64, 64])
    var draw = 0
    func weights(_ shape: [Int]) -> Tensor {
      draw += 1
      let deviation = (2 / Float(shape.dropFirst().reduce(1, *))).squareRoot()
      let normals = RandomKey(seed: 1, purpose: .weights, draw: draw).normals(shape.elementCount)
      return Tensor(shape: shape, values: normals.map { $0 * deviation })
    }
    func convolve(_ kernel: Int, _ channels: Int, to filters: Int, stride: Int) -> Convolution {
      Convolution(
        weight: weights([filters, channels, kernel, kernel]),
        bias: Tensor(repeating: 0.01, shape: [filters]), stride: .init(stride, stride),
        padding: .init(all: kernel / 2))
    }
    try network.append(convolve(3, 3, to: 64, stride: 1))
    var value = try network.append(Activation(.relu))
    var channels = 64
    for (filters, stride) in [
      (64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1),
    ] {
      let first = convolve(3, channels, to: filters, stride: stride)
      try network.append(first, reading: [value])
      try network.append(Activation(.relu))
      let long = try network.append(convolve(3, filters, to: filters, stride: 1))
      var short = value
      if stride != 1 || channels != filters {
        let projection = convolve(1, channels, to: filters, stride: stride)
        short = try network.append(projection, reading: [value])
      }
      try network.append(Sum(), reading: [long, short])
      value = try network.append(Activation(.relu))
      channels = filters
    }
    try network.append(AveragePool.global)
    try network.append(Reshape([512]))
    try network.append(Dense(weight: weights([200, 512]), bias: weights([200])))
    return network
  }
}

extension Network {
  /// Operations of one example's forward pass by direct convolution, padding counted, pooling and
  /// activations not.
  var operationCount: Double {
    var count = 0.0
    for (index, node) in nodes.enumerated() {
      let outputs = Double(shapes[index + 1].elementCount)
      if let layer = node.layer as? Convolution {
        count += 2 * outputs * Double(layer.weight.rowSize)
      } else if let layer = node.layer as? Dense {
        count += 2 * outputs * Double(layer.weight.shape[1])
      }
    }
    return count
  }
}
