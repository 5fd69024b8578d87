internal import NeuralNetworks
internal import Privacy
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Descent on Poisson samples with each example's gradient clipped to a Euclidean norm and Laplace
/// noise of a ``ProductLaplace`` on the sum.
///
/// One example added or removed moves the sum by a vector of norm at most `clip`: a step without
/// sampling is (epsilon, 0)-private for it. The weights of the parameters are one number a tensor,
/// the root mean square of the noisy gradients released before; at first all are 1.
final class ProductLaplaceDescent: TrainingMethod {
  private let count: Int
  private let rate: Double
  private let expectedBatchSize: Int
  private let clip: Double
  private let epsilon: Double
  private let weighted: Bool
  private let seed: UInt64
  private let kind: DPSGD.Randomness
  private let randomness: PrivateRandomness
  private let gradient: ClippedGradient
  private let sizes: [Int]
  private var weights: [Double]
  private var draws = 0
  /// How much of the weights a step keeps.
  private static let keeping = 0.9

  init(
    for network: Network, count: Int, rate: Double, expectedBatchSize: Int, clip: Double,
    epsilon: Double, weighted: Bool, randomness kind: DPSGD.Randomness, seed: UInt64, threads: Int
  ) throws(PrivateTrainingError) {
    self.count = count
    self.rate = rate
    self.expectedBatchSize = expectedBatchSize
    self.clip = clip
    self.epsilon = epsilon
    self.weighted = weighted
    self.kind = kind
    self.seed = seed
    randomness = PrivateRandomness(kind, seed: seed)
    do throws(NetworkError) {
      gradient = try ClippedGradient(for: network, threads: threads)
    } catch {
      throw .network(problem: "\(error)")
    }
    sizes = network.parameters.map(\.values.count)
    weights = [Double](repeating: 1, count: sizes.count)
  }

  var gradients: [UnsafePointer<Float>] { gradient.sums.map { UnsafePointer($0) } }

  var memory: [Double] {
    get { weights }
    set {
      precondition(newValue.count == sizes.count, "another method's memory")
      weights = newValue
    }
  }

  func accepts(memory: [Double]) -> Bool {
    memory.count == sizes.count && memory.allSatisfy { $0 > 0 && Float($0).isFinite }
  }

  func batch(step: Int) -> [Int] { randomness.sample(of: count, rate: rate, step: step) }

  func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome {
    let parameters = step.network.parameters
    guard parameters.allSatisfy({ dot($0.values, $0.values, count: $0.values.count).isFinite })
    else { throw .diverged(step: step.number) }
    let outcome = gradient.compute(
      step.network, images: step.images, labels: step.labels,
      clipping: GradientClipping(norm: clip), seed: seed, step: step.number, numbers: step.indices)
    let scales: [Double]
    do {
      scales = try ProductLaplace(
        weights: weights, counts: sizes, epsilon: epsilon, sensitivity: clip
      ).scales
    } catch {
      throw .data("noise of the step: \(error)")
    }
    let draw = kind == .seeded ? step.number : draws
    draws += 1
    for (part, sum) in gradient.sums.enumerated() {
      let noise = randomness.laplace(sizes[part], draw: draw, part: part + 1)
      var square = 0.0
      for index in 0..<sizes[part] {
        let value =
          (Double(sum[index]) + scales[part] * noise[index]) / Double(expectedBatchSize)
        sum[index] = Float(value)
        square += value * value
      }
      guard weighted else { continue }
      // From what is released; never so small that another weight's share of noise vanishes.
      let size = max((square / Double(sizes[part])).squareRoot(), 1e-12)
      weights[part] =
        step.number == 0 ? size : Self.keeping * weights[part] + (1 - Self.keeping) * size
    }
    let count = step.labels.count
    return Trainer.Outcome(
      loss: count == 0 ? 0 : outcome.loss / Double(count), correct: outcome.correct, count: count)
  }
}

extension PrivateRandomness {
  /// `count` Laplace numbers of scale 1 in double precision: a sign, and `-ln u` with u in (0, 1].
  func laplace(_ count: Int, draw: Int, part: Int) -> [Double] {
    words(count, for: .noise, draw: draw, part: part).map { word in
      let magnitude = -log((Double(word >> 12) + 1) * 0x1p-52)
      return word & 1 == 0 ? magnitude : -magnitude
    }
  }
}
