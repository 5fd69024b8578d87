public import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// Batch normalisation at inference, with the statistics of training:
/// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta` for each index of an axis.
///
/// S. Ioffe, C. Szegedy, "Batch Normalization", 2015. Folded into the layer before it where that is
/// a convolution or dense layer.
public struct BatchNormalization: AffineLayer, FusibleLayer {
  public static let kind = "batch-normalization"
  /// All `[channels]`.
  public var gamma, beta, mean, variance: Tensor
  public var epsilon: Float
  /// The axis of one example's shape that the channels are.
  public var axis: Int

  public init(
    gamma: [Float], beta: [Float], mean: [Float], variance: [Float], epsilon: Float = 1e-5,
    axis: Int = 0
  ) {
    let count = gamma.count
    precondition([beta.count, mean.count, variance.count].allSatisfy { $0 == count })
    self.gamma = Tensor(shape: [count], values: gamma)
    self.beta = Tensor(shape: [count], values: beta)
    self.mean = Tensor(shape: [count], values: mean)
    self.variance = Tensor(shape: [count], values: variance)
    self.epsilon = epsilon
    self.axis = axis
  }

  /// Its statistics are taken from batches, so training it ties the examples of a batch together.
  public var mixesExamples: Bool { true }

  public var affine: Affine {
    var scale: [Float] = []
    var shift: [Float] = []
    for index in gamma.values.indices {
      let deviation = (Double(variance.values[index]) + Double(epsilon)).squareRoot()
      let factor = Double(gamma.values[index]) / deviation
      scale.append(Float(factor))
      shift.append(Float(Double(beta.values[index]) - Double(mean.values[index]) * factor))
    }
    return Affine(scale: scale, shift: shift, axis: axis)
  }

  public func checkParameters() throws(ShapeError) {
    let shapes = [gamma.shape, beta.shape, mean.shape, variance.shape]
    guard gamma.shape.count == 1, shapes.allSatisfy({ $0 == gamma.shape }) else {
      throw ShapeError("gamma, beta, mean and variance \(shapes) do not go together")
    }
    guard !variance.values.contains(where: { $0 + epsilon <= 0 }) else {
      throw ShapeError("a variance is negative")
    }
  }

  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    affine.fused(with: next, shape: shape)
  }
}
