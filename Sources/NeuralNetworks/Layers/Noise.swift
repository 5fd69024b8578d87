public import Tensors

/// Adds independent noise to every element: coordinate `k` of `K` gets `scale * sqrt(K r_k)` times
/// a standard number of the family, fresh for every example and every pass.
///
/// In training the noise is keyed by (seed, step, example), or shared (``Sharing``). In a pass with
/// noise keys each example's own key is used. Without either it is the identity: the surrogate
/// without noise. Two `Noise` layers of one network need different `stream`s to be independent.
///
/// M. Lecuyer et al., "Certified Robustness to Adversarial Examples with Differential Privacy",
/// 2019; redistribution: N. Phan et al., "Heterogeneous Gaussian Mechanism", 2019, Theorem 3.
public struct Noise: Layer, Equatable {
  public static let kind = "noise"
  /// The most noise layers of one network.
  public static let streamLimit = 16

  public var family: NoiseFamily
  /// Positive; Gaussian: standard deviation, Laplace: `b`.
  public var scale: Float
  /// `sqrt(K r_k)` for each element, of the shape of the values; nil for 1 everywhere.
  public var relativeScales: Tensor?
  /// Which of the network's noise layers this is, from 0.
  public var stream: Int
  /// What shares one draw in training; nil: nothing, as guarantees ask for.
  public var sharing: Sharing?

  /// Draws of training that are used more than once. They are offsets that a network learns rather
  /// than noise; published systems draw this way.
  public enum Sharing: String, Sendable, Codable {
    /// All examples of a step.
    case step
    /// All examples of all steps.
    case run
  }

  public init(
    _ family: NoiseFamily, scale: Float, relativeScales: Tensor? = nil, stream: Int = 0,
    sharing: Sharing? = nil
  ) {
    self.family = family
    self.scale = scale
    self.relativeScales = relativeScales
    self.stream = stream
    self.sharing = sharing
  }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let shape = try single(inputs)
    guard scale > 0, scale.isFinite else {
      throw ShapeError("the scale of noise is \(scale), expected a positive number")
    }
    guard (0..<Self.streamLimit).contains(stream) else {
      throw ShapeError("noise stream \(stream) is not one of 0 to \(Self.streamLimit - 1)")
    }
    guard let relativeScales else { return shape }
    guard relativeScales.values.count == shape.elementCount else {
      throw ShapeError(
        "\(relativeScales.values.count) relative scales of noise for values of shape \(shape)")
    }
    if let index = relativeScales.values.firstIndex(where: { !($0 * scale > 0 && $0.isFinite) }) {
      throw ShapeError(
        "relative scale \(index) of noise is \(relativeScales.values[index]), expected a positive "
          + "number")
    }
    return shape
  }

  /// Without noise.
  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor { inputs[0] }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    NoiseOperation(noise: self, size: inputs[0].elementCount)
  }

  /// The key of an example's noise in a training step.
  /// - Parameter example: what keys the example's draws: its number, or its place in the batch.
  public func trainingKey(seed: UInt64, step: Int, example: Int) -> RandomKey {
    switch sharing {
    case nil:
      RandomKey(seed: seed, purpose: .trainingNoise, example: example, draw: step)
    case .step: RandomKey(seed: seed, purpose: .trainingNoise, draw: step)
    case .run: RandomKey(seed: seed, purpose: .trainingNoise)
    }
  }

  /// The scale of each element; nil where it is `scale` everywhere.
  public var scales: [Float]? { relativeScales?.values.map { $0 * scale } }
}

/// Adds the noise of a ``Noise`` layer to one example after the other; immutable.
public struct NoiseAdder: Sendable {
  private let family: NoiseFamily
  private let scale: Float
  private let scales: [Float]?
  private let offset: Int
  /// How many elements an example has.
  public let size: Int

  public init(_ noise: Noise, size: Int) {
    family = noise.family
    scale = noise.scale
    scales = noise.scales
    // Each stream begins 2^28 numbers behind the one before, more than an example has values.
    offset = noise.stream << 28
    self.size = size
  }

  /// `result = values + noise` for one example; `result` may be `values`.
  public func add(
    _ key: RandomKey, to values: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>
  ) {
    func run(_ scales: UnsafePointer<Float>?) {
      switch family {
      case .gaussian:
        key.addNormals(
          to: values, count: size, scale: scale, scales: scales, offset: offset, into: result)
      case .laplace:
        key.addLaplace(
          to: values, count: size, scale: scale, scales: scales, offset: offset, into: result)
      }
    }
    if let scales {
      scales.withUnsafeBufferPointer { run($0.baseAddress) }
    } else {
      run(nil)
    }
  }
}

private struct NoiseOperation: Operation {
  let noise: Noise
  let adder: NoiseAdder
  let size: Int

  init(noise: Noise, size: Int) {
    self.noise = noise
    adder = NoiseAdder(noise, size: size)
    self.size = size
  }

  func forward(_ call: Call) {
    for example in 0..<call.count {
      let key: RandomKey
      if let pass = call.training {
        key = noise.trainingKey(
          seed: pass.seed, step: pass.step, example: pass.key(row: example))
      } else if call.noise.isEmpty {
        call.output.update(from: call.inputs[0], count: call.count * size)
        return
      } else {
        key = call.noise[call.noise.startIndex + example]
      }
      adder.add(
        key, to: call.inputs[0] + example * size, into: call.output + example * size)
    }
  }

  func backward(_ call: Call) {
    call.inputGradients[0]?.update(from: call.outputGradient, count: call.count * size)
  }
}
