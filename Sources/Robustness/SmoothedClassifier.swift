public import NeuralNetworks
internal import Tensors

/// A network with noise inside, as a classifier that is asked many times: votes over draws of the
/// noise, gradients averaged over draws. Immutable; threads share it, each with a session.
///
/// What stands in front of the first noise is computed once per image, whatever the number of
/// draws; memory does not depend on that number either.
public final class SmoothedClassifier: Sendable {
  /// From data to logits, with its ``Noise`` layers.
  public let network: Network
  /// The smallest and largest value a pixel can have, in the units of the data.
  public let bounds: ClosedRange<Float>
  /// The most examples, or draws of one example, that are computed together.
  public let chunk: Int
  /// The noise layers from the input on, at least one.
  public let noises: [PlacedNoise]
  /// The same network without any noise.
  public let surrogate: Classifier

  let adder: NoiseAdder
  let prefix: Plan
  let votes: Plan
  let gradients: Plan

  /// - Parameters:
  ///   - network: has at least one ``Noise`` layer; its first is passed on every way from the input
  ///     to the output.
  ///   - chunk: nil chooses by the network's memory.
  /// - Throws: ``NetworkError`` where there is no noise, the way around the first one is open, or
  ///   two noise layers draw the same numbers.
  public init(
    _ network: Network, bounds: ClosedRange<Float> = 0...1, chunk: Int? = nil
  ) throws(NetworkError) {
    noises = network.noises
    guard let first = noises.first else {
      throw .layer(name: "output", problem: "the network has no noise in it")
    }
    if Set(noises.map(\.noise.stream)).count < noises.count {
      throw .layer(name: first.node, problem: "two noise layers have the same stream")
    }
    let value = first.result
    let (prefix, suffix) = try network.split(at: value)
    self.network = network
    self.bounds = bounds
    surrogate = Classifier(network, bounds: bounds, chunk: chunk)
    self.chunk = surrogate.chunk
    adder = NoiseAdder(first.noise, size: network.shapes[value].elementCount)
    // The noise at the end of the prefix is the identity there.
    self.prefix = Plan(prefix, capacity: self.chunk, purpose: .inputGradient)
    votes = Plan(suffix, capacity: self.chunk, purpose: .inference, keepsNoise: true)
    gradients = Plan(suffix, capacity: self.chunk, purpose: .inputGradient, keepsNoise: true)
  }

  public var inputShape: [Int] { network.inputShape }
  public var classCount: Int { network.outputShape.elementCount }

  /// A session for one thread.
  public func session(isCancelled: @escaping () -> Bool = { false }) -> SmoothedSession {
    SmoothedSession(self, isCancelled: isCancelled)
  }
}

/// How often each class was the answer.
public struct VoteTally: Sendable, Equatable {
  /// By class.
  public var counts: [Int]
  /// Draws whose logits held a NaN: they vote for nothing.
  public var blank = 0
  /// By class, the sum of the softmax outputs over the draws and of their squares; empty where they
  /// were not asked. A blank draw scores 0.
  public var scoreSums: [Double] = [], scoreSquares: [Double] = []

  /// - Parameter hasScores: true where scores are summed.
  public init(classCount: Int, hasScores: Bool = false) {
    counts = [Int](repeating: 0, count: classCount)
    if hasScores {
      scoreSums = [Double](repeating: 0, count: classCount)
      scoreSquares = scoreSums
    }
  }

  /// How many draws there were.
  public var total: Int { counts.reduce(blank, +) }

  /// The class of most votes, the first of several; nil where there is no vote.
  public var top: Int? {
    var best: Int?
    for (label, count) in counts.enumerated() where count > 0 {
      if let current = best, counts[current] >= count { continue }
      best = label
    }
    return best
  }

  /// The largest number of votes for a class other than `label`.
  public func runnerUp(to label: Int) -> Int {
    counts.enumerated().reduce(0) { $1.offset == label ? $0 : max($0, $1.element) }
  }
}
