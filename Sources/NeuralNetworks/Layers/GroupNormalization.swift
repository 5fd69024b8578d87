public import Tensors

/// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, with mean and (biased) variance of
/// each group of channels of one example, and a gamma and beta for each channel.
///
/// `[channels, ...]` to the same shape. Y. Wu, K. He, "Group Normalization", 2018. Examples do not
/// touch each other, so it may stand where batch normalisation may not: in private training.
public struct GroupNormalization: Layer {
  public static let kind = "group-normalization"
  /// A divisor of the number of channels; as many: instance normalisation.
  public var groups: Int
  /// `[channels]`
  public var gamma: Tensor
  /// `[channels]`
  public var beta: Tensor
  public var epsilon: Float

  public init(groups: Int, gamma: Tensor, beta: Tensor, epsilon: Float = 1e-5) {
    precondition(gamma.shape.count == 1 && gamma.shape == beta.shape, "a beta for every gamma")
    self.groups = groups
    self.gamma = gamma
    self.beta = beta
    self.epsilon = epsilon
  }

  /// One that leaves what it normalises as it is.
  public init(groups: Int, channels: Int) {
    self.init(
      groups: groups, gamma: Tensor(repeating: 1, shape: [channels]),
      beta: Tensor(shape: [channels]))
  }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let shape = try single(inputs)
    guard gamma.shape.count == 1, gamma.shape == beta.shape else {
      throw ShapeError("gamma \(gamma.shape) and beta \(beta.shape) do not go together")
    }
    guard groups > 0, gamma.shape[0] % groups == 0, shape.first == gamma.shape[0] else {
      throw ShapeError(
        "\(groups) groups of \(gamma.shape[0]) channels do not fit input \(shape)")
    }
    guard epsilon > 0, epsilon.isFinite else {
      throw ShapeError("epsilon is to be positive, not \(epsilon)")
    }
    return shape
  }

  public var parameters: [Tensor] {
    get { [gamma, beta] }
    set { (gamma, beta) = (newValue[0], newValue[1]) }
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let shape = inputs[0].shape
    let size = shape.elementCount / groups
    let flat = ReferenceTensor(shape: [groups, size], values: inputs[0].values)
    var result = Standardization(axes: 1, epsilon: epsilon).evaluate([flat])
    let inner = shape.elementCount / shape[0]
    for index in result.values.indices {
      let channel = index / inner
      result.values[index] =
        result.values[index] * Double(gamma.values[channel]) + Double(beta.values[channel])
    }
    return ReferenceTensor(shape: shape, values: result.values)
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    GroupNormalizationOperation(
      groups: groups, channels: inputs[0][0], inner: inputs[0].dropFirst().reduce(1, *),
      gamma: gamma.values, beta: beta.values, epsilon: epsilon, capacity: capacity)
  }
}
