internal import Foundation
public import NeuralNetworks
internal import Privacy
internal import Tensors

/// A private training run with canaries among its gradients: ``PrivateDescent`` itself, with
/// made-up examples whose gradients are as visible as clipping lets them be.
///
/// Canary j, if its coin put it in, is sampled like any example; its gradient is a thousand
/// clipping norms along one coordinate of the parameters, other coordinates for other canaries, and
/// is clipped as every example's is. The auditor knows the data, the weights of every step, which
/// examples were sampled and so the sums without canaries: all but the coins, which canaries were
/// sampled, and the noise. Against somebody who knows that much, (epsilon, delta)-differential
/// privacy still holds. With z the released coordinate less what is known, in standard deviations
/// of the noise, and a the length of a clipped canary in the same unit, the score of a canary is
/// the logarithm of the likelihood ratio,
///
/// ```
/// sum over steps of log(1 - q + q exp(a z - a^2 / 2))
/// ```
///
/// with q the sampling rate. What is put to the test is sampling, clipping, sums, noise and
/// accounting as they run; the gradients of images are not: see ``ImageCanaries``. With per-layer
/// clipping a canary is no longer than its layer's share of the norm, and the audit is that much
/// weaker.
public final class GradientCanaries: TrainingMethod {
  /// The coins: which canaries are in.
  public let included: [Bool]
  /// One a canary; larger for those that look included.
  public private(set) var scores: [Double]

  private let descent: PrivateDescent
  /// How many examples there are besides canaries.
  private let count: Int
  private let places: [Place]
  private let layers: Int

  /// The coordinate of a canary.
  private struct Place {
    var layer: Int
    var parameter: Int
    var index: Int
  }

  /// How long a canary's gradient is before it is clipped, in clipping norms.
  private static let length = 1024.0

  /// - Parameters:
  ///   - count: how many examples the data hold.
  ///   - canaries: how many coins are tossed; at least 1, at most one a parameter.
  ///   - seed: decides coins and coordinates besides what it decides in ``PrivateDescent``.
  ///   - chunk: as in ``PrivateDescent``.
  /// - Throws: ``PrivateTrainingError``.
  public init(
    _ method: DPSGD, for network: Network, count: Int, canaries: Int, seed: UInt64,
    chunk: Int? = nil, threads: Int = 1
  ) throws(PrivateTrainingError) {
    let parameters = network.parameterCount
    guard canaries >= 1 && canaries <= parameters else {
      throw .parameter(
        name: "canaries",
        problem: "must be 1 to the network's \(parameters) parameters, not \(canaries)")
    }
    // Numbers from `count` on are canaries to the sampler, which sees no difference.
    descent = try PrivateDescent(
      method, for: network, count: count + canaries, seed: seed, chunk: chunk, threads: threads)
    self.count = count
    included = AuditCoins.toss(canaries, seed: seed)
    scores = [Double](repeating: 0, count: canaries)

    var starts: [(first: Int, layer: Int, parameter: Int)] = []
    var (first, layer, parameter) = (0, 0, 0)
    for node in network.nodes where !node.layer.parameters.isEmpty {
      for values in node.layer.parameters {
        starts.append((first, layer, parameter))
        first += values.values.count
        parameter += 1
      }
      layer += 1
    }
    layers = layer
    places = AuditCoins.choose(canaries, of: parameters, seed: seed).map { place in
      let start = starts.last { $0.first <= place } ?? (0, 0, 0)
      return Place(
        layer: start.layer, parameter: start.parameter, index: place - start.first)
    }
  }

  public var gradients: [UnsafePointer<Float>] { descent.gradients }

  /// What the descent remembers; scores begin anew.
  public var memory: [Double] {
    get { descent.memory }
    set { descent.memory = newValue }
  }

  public func accepts(memory: [Double]) -> Bool { descent.accepts(memory: memory) }

  public func batch(step: Int) -> [Int] { descent.batch(step: step).filter { $0 < count } }

  public func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome {
    let sampled = descent.batch(step: step.number).compactMap {
      $0 >= count && included[$0 - count] ? $0 - count : nil
    }
    var known = [Double](repeating: 0, count: places.count)
    var (norm, lengths) = (0.0, [Float](repeating: 0, count: layers))
    descent.beforeNoise = { [self] sums, present in
      (norm, lengths) = (present, clippedLengths(norm: present))
      for (canary, place) in places.enumerated() {
        known[canary] = Double(sums[place.parameter][place.index])
      }
      for canary in sampled {
        let place = places[canary]
        sums[place.parameter][place.index] += lengths[place.layer]
      }
    }
    defer { descent.beforeNoise = nil }
    let outcome = try descent.compute(step)

    let method = descent.method
    let gradients = descent.gradients
    let deviation = method.gradientNoiseMultiplier * norm
    let (rate, size) = (method.samplingRate, Double(method.expectedBatchSize))
    for (canary, place) in places.enumerated() {
      let seen = size * Double(gradients[place.parameter][place.index]) - known[canary]
      guard deviation > 0 else {
        scores[canary] += seen / norm
        continue
      }
      let length = Double(lengths[place.layer]) / deviation
      let logRatio = length * seen / deviation - length * length / 2
      scores[canary] += LogSpace.sum(log1p(-rate), log(rate) + logRatio)
    }
    return outcome
  }

  /// How long a canary is once it is clipped, by the layer of its coordinate.
  private func clippedLengths(norm: Double) -> [Float] {
    var clipping = descent.method.clipping
    clipping.norm = norm
    let length = Self.length * norm
    return (0..<layers).map { layer in
      var squares = [Double](repeating: 0, count: layers)
      squares[layer] = length * length
      var factors = [Float](repeating: 0, count: layers)
      _ = clipping.factors(for: squares, layers: layers, count: 1, into: &factors)
      return Float(length) * factors[layer]
    }
  }
}
