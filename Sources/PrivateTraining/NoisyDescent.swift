internal import NeuralNetworks
internal import Tensors

/// Another method with a ``RobustnessNoise`` in the network, which is calibrated to the weights at
/// the beginning of each epoch.
///
/// The noise is fresh for every example of every step, unless the layer says otherwise.
final class NoisyDescent: TrainingMethod {
  /// Answers how the noise of a network is shared out: `sqrt(K r_k)` for each value, or nil for
  /// even shares. It is asked once, or at every calibration.
  typealias Shares = (Network) throws -> Tensor?

  private let base: any TrainingMethod
  private let noise: RobustnessNoise
  /// The name of the noise layer, and the value it is added to.
  private let node: String
  private let value: Int
  private let shape: [Int]
  private let period: Int
  private let sharing: Noise.Sharing?
  private let shares: Shares
  /// True where r follows the weights.
  private let sharesFollow: Bool
  /// What the layer is now; nil before the first step.
  private var current: Noise?

  /// - Parameter network: with the noise layer in it.
  init(
    _ base: any TrainingMethod, noise: RobustnessNoise, in network: Network, at value: Int,
    period: Int, sharing: Noise.Sharing? = nil, sharesFollow: Bool, shares: @escaping Shares
  ) {
    self.base = base
    self.noise = noise
    self.value = value
    shape = network.shapes[value]
    self.period = period
    self.sharing = sharing
    self.sharesFollow = sharesFollow
    self.shares = shares
    guard let placed = network.noises.first(where: { $0.value == value }) else {
      preconditionFailure("there is no noise behind value \(value)")
    }
    node = placed.node
  }

  func prepare(_ network: inout Network, step: Int) throws {
    try base.prepare(&network, step: step)
    if current == nil || step % period == 0 { current = try calibrated(in: network) }
    if let current { network.setNoise(current, ofNode: node) }
  }

  /// The noise for a network's weights. Of r that does not follow them, what there was stays.
  private func calibrated(in network: Network) throws -> Noise {
    let relativeScales =
      if let current, !sharesFollow { current.relativeScales } else { try shares(network) }
    var result = try noise.calibrated(in: network, at: value, relativeScales: relativeScales)
    result.sharing = sharing
    return result
  }

  /// The trained network with noise calibrated to its weights, fresh in every pass.
  func finish(_ network: Network) throws -> Network {
    var result = network
    var noise = try calibrated(in: network)
    noise.sharing = nil
    result.setNoise(noise, ofNode: node)
    return result
  }

  func batch(step: Int) -> [Int] { base.batch(step: step) }

  func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome {
    try base.compute(step)
  }

  var gradients: [UnsafePointer<Float>] { base.gradients }

  func accepts(memory: [Double]) -> Bool {
    guard memory.count >= 2, memory[0] >= 0, Float(memory[0]).isFinite else { return false }
    let relative = [0, Double(shape.elementCount)]
    guard relative.contains(memory[1]), memory.count >= 2 + Int(memory[1]) else { return false }
    let (scales, rest) = (memory[2..<2 + Int(memory[1])], memory[(2 + Int(memory[1]))...])
    return scales.allSatisfy { Float($0) > 0 && Float($0).isFinite }
      && base.accepts(memory: Array(rest))
  }

  /// The scale (0: none yet), how many relative scales, those, and what the base remembers.
  var memory: [Double] {
    get {
      let relative = current?.relativeScales?.values ?? []
      return [Double(current?.scale ?? 0), Double(relative.count)] + relative.map(Double.init)
        + base.memory
    }
    set {
      precondition(newValue.count >= 2 + Int(newValue[1]), "another method's memory")
      let count = Int(newValue[1])
      base.memory = Array(newValue[(2 + count)...])
      guard newValue[0] > 0 else { return }
      current = Noise(
        noise.family, scale: Float(newValue[0]),
        relativeScales: count == 0
          ? nil : Tensor(shape: shape, values: newValue[2..<2 + count].map(Float.init)),
        sharing: sharing)
    }
  }
}
