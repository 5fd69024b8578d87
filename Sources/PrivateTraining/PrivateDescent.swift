internal import Foundation
public import NeuralNetworks
internal import Synchronization
internal import Tensors

/// ``DPSGD`` as a training method: what a ``Trainer`` does in a private step.
///
/// Everything it tells about a batch besides its noisy gradient (loss, right answers, size) comes
/// straight from the data and is not private.
public final class PrivateDescent: TrainingMethod {
  public let method: DPSGD
  /// How many examples there are to sample from.
  private let count: Int
  private let seed: UInt64
  private let threads: Int
  private let randomness: PrivateRandomness
  private let gradient: ClippedGradient
  /// What threads share of the parameters.
  private let pieces: [Piece]
  /// Noise drawn since the process began, so that no secure noise is used twice.
  private var draws = 0
  /// The present clipping norm.
  private var norm: Double

  /// Sees a step's clipped sums and clipping norm before there is noise, and may add to the sums:
  /// how audits put canaries in. Nil in every other run.
  package var beforeNoise: (([UnsafeMutablePointer<Float>], Double) -> Void)?

  /// - Parameters:
  ///   - count: how many examples the data hold.
  ///   - seed: decides sampling and noise where these are seeded, and always dropout.
  ///   - chunk: examples whose gradients are held at a time by a thread, a divisor of 16: a matter
  ///     of memory and speed alone; nil: ``ClippedGradient/chunk(for:)``.
  /// - Throws: ``PrivateTrainingError``.
  public init(
    _ method: DPSGD, for network: Network, count: Int, seed: UInt64,
    chunk: Int? = nil, threads: Int = 1
  ) throws(PrivateTrainingError) {
    try method.validate()
    if let chunk, chunk < 1 || ClippedGradient.block % chunk != 0 {
      throw .parameter(
        name: "micro-batch", problem: "must divide \(ClippedGradient.block), not \(chunk)")
    }
    precondition(threads > 0, "training takes a thread, not \(threads)")
    self.method = method
    self.count = count
    self.seed = seed
    self.threads = threads
    randomness = PrivateRandomness(method.randomness, seed: seed)
    do throws(NetworkError) {
      gradient = try ClippedGradient(for: network, chunk: chunk, threads: threads)
    } catch {
      throw .network(problem: "\(error)")
    }
    pieces = Piece.pieces(of: network.parameters.map(\.values.count))
    norm = method.clipping.norm
  }

  /// The clipping norm of the next step.
  public var clippingNorm: Double { norm }

  public var gradients: [UnsafePointer<Float>] { gradient.sums.map { UnsafePointer($0) } }

  public func accepts(memory: [Double]) -> Bool {
    memory.count == self.memory.count && memory.allSatisfy { $0 > 0 && Float($0).isFinite }
  }

  /// The clipping norm, where it adapts.
  public var memory: [Double] {
    get { method.adaptation == nil ? [] : [norm] }
    set {
      precondition(newValue.count == (method.adaptation == nil ? 0 : 1), "another method's memory")
      if let norm = newValue.first { self.norm = norm }
    }
  }

  public func batch(step: Int) -> [Int] {
    randomness.sample(of: count, rate: method.samplingRate, step: step)
  }

  /// The noisy sum over the batch, divided by the expected size. An empty batch leaves the noise.
  ///
  /// An example whose gradient is not finite counts as zero; only weights that are not finite,
  /// which no longer tell anything of one example, stop the run.
  public func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome {
    guard isFinite(step.network.parameters) else { throw .diverged(step: step.number) }
    var clipping = method.clipping
    clipping.norm = norm
    let outcome = gradient.compute(
      step.network, images: step.images, labels: step.labels, clipping: clipping, seed: seed,
      // An example's dropout and noise are its own, whoever else was sampled.
      step: step.number, numbers: step.indices)
    beforeNoise?(gradient.sums, norm)
    // Seeded noise belongs to the step; secure noise is new whenever it is drawn.
    let draw = method.randomness == .seeded ? step.number : draws
    draws += 1
    addNoise(deviation: method.gradientNoiseMultiplier * norm, draw: draw)
    if let adaptation = method.adaptation {
      adapt(adaptation, within: outcome.within, of: step.labels.count, draw: draw)
    }
    let count = step.labels.count
    return Trainer.Outcome(
      loss: count == 0 ? 0 : outcome.loss / Double(count), correct: outcome.correct, count: count)
  }

  /// Some numbers of one parameter.
  private struct Piece: Sendable {
    var parameter: Int
    var range: Range<Int>

    /// Pieces of parameters with so many numbers; part of what decides on seeded noise.
    static func pieces(of counts: [Int]) -> [Piece] {
      let size = 1 << 14
      return counts.enumerated().flatMap { parameter, count in
        stride(from: 0, to: count, by: size).map {
          Piece(parameter: parameter, range: $0..<min($0 + size, count))
        }
      }
    }
  }

  /// Whether all numbers are finite.
  private func isFinite(_ parameters: [Tensor]) -> Bool {
    let isFinite = Atomic<Bool>(true)
    concurrently(pieces.count, threads: threads) { [pieces] number, _ in
      let piece = pieces[number]
      parameters[piece.parameter].values.withUnsafeBufferPointer { values in
        let part = UnsafeBufferPointer(rebasing: values[piece.range])
        guard let base = part.baseAddress else { return }
        if !dot(base, base, count: part.count).isFinite {
          isFinite.store(false, ordering: .relaxed)
        }
      }
    }
    return isFinite.load(ordering: .relaxed)
  }

  /// `(sum + normal(0, deviation^2)) / expectedBatchSize`, piece by piece.
  private func addNoise(deviation: Double, draw: Int) {
    // Each piece is its own part of the sums.
    nonisolated(unsafe) let sums = gradient.sums
    let size = Double(method.expectedBatchSize)
    concurrently(pieces.count, threads: threads) { [pieces, randomness] part, _ in
      let piece = pieces[part]
      let target = sums[piece.parameter] + piece.range.lowerBound
      let noise = randomness.normals(piece.range.count, draw: draw, part: part + 1)
      for index in noise.indices {
        target[index] = Float((Double(target[index]) + deviation * noise[index]) / size)
      }
    }
  }

  /// Each example counts as +1/2 or -1/2, so that adding one moves the sum by 1/2.
  private func adapt(_ adaptation: ClippingAdaptation, within: Int, of count: Int, draw: Int) {
    let noise = randomness.normals(1, draw: draw, part: 0)[0]
    let sum = Double(within) - Double(count) / 2 + adaptation.countNoise * noise
    let share = sum / Double(method.expectedBatchSize) + 0.5
    norm *= exp(-adaptation.rate * (share - adaptation.quantile))
  }
}
