public import NeuralNetworks
public import Robustness
public import Tensors

/// Puts adversarial examples against the network as it is in place of a batch's images.
///
/// A. Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", 2018; several
/// attacks and a random radius: N. Phan et al., "Scalable Differential Privacy with Certified
/// Robustness in Adversarial Learning", 2020, Algorithm 1, lines 6 to 11.
///
/// What becomes of an example depends on its image, its label, its number, the network and the
/// step, never on the other examples of the batch: so a guarantee for one example's gradient holds
/// for its adversarial image too.
public struct Adversary: Sendable {
  /// How large the ball of a step is.
  public enum RadiusLaw: String, Sendable, Codable, CaseIterable {
    /// The radius.
    case fixed
    /// The radius times a number that each step draws uniformly from (0, 1].
    case uniform
  }

  /// Each example meets one of them; they take turns with the steps.
  public var attacks: [any Attack]
  public var norm: Norm
  public var radius: Float
  public var law: RadiusLaw
  /// Steps over which the radius rises in equal parts.
  public var warmUp: Int
  /// The probability with which an example is perturbed; more than 0.
  public var share: Double
  public var seed: UInt64
  public var threads: Int
  /// Images attacked together; results do not depend on it.
  private static let chunk = 16
  /// The example whose numbers decide about the step as a whole.
  private static let nobody = 1 << 47

  public init(
    attacks: [any Attack], norm: Norm, radius: Float, law: RadiusLaw = .fixed, warmUp: Int = 0,
    share: Double = 1, seed: UInt64, threads: Int = 1
  ) {
    precondition(!attacks.isEmpty && share > 0 && threads > 0, "an adversary attacks")
    self.attacks = attacks
    self.norm = norm
    self.radius = radius
    self.law = law
    self.warmUp = warmUp
    self.share = share
    self.seed = seed
    self.threads = threads
  }

  /// The radius at a step.
  func radius(at step: Int) -> Float {
    var part = step < warmUp ? Float(step + 1) / Float(warmUp) : 1
    if law == .uniform {
      let key = RandomKey(seed: seed, purpose: .adversary, example: Self.nobody, draw: step)
      part *= 1 - key.uniforms(1)[0]
    }
    return radius * part
  }

  /// The images to learn from in place of the step's.
  public func images(for step: Trainer.Step) throws -> Tensor {
    try perturb(step, positions: Array(step.labels.indices))
  }

  /// The step's images with those at some positions perturbed.
  ///
  /// - Parameter bounds: of the values; nil: those of a ``Classifier``.
  func perturb(
    _ step: Trainer.Step, positions: [Int], bounds: ClosedRange<Float>? = nil
  ) throws -> Tensor {
    let classifier = Classifier(step.network, chunk: Self.chunk)
    let threat = ThreatModel(
      norm: norm, radius: radius(at: step.number), bounds: bounds ?? classifier.bounds)
    let perturbed = positions.filter { position in
      share >= 1
        || RandomKey(
          seed: seed, purpose: .adversary, example: step.indices[position], draw: step.number
        ).uniforms(1)[0] < Float(share)
    }
    // Each attack's examples, cut into chunks.
    var chunks: [(attack: any Attack, positions: [Int])] = []
    for (number, attack) in attacks.enumerated() {
      let mine = perturbed.filter {
        (step.indices[$0] + step.number) % attacks.count == number
      }
      for start in stride(from: 0, to: mine.count, by: Self.chunk) {
        chunks.append((attack, Array(mine[start..<min(start + Self.chunk, mine.count)])))
      }
    }
    let work = chunks
    // Each thread has a session of its own, each chunk its own result.
    var sessions = [ClassifierSession?](repeating: nil, count: threads)
    var results = [Result<Tensor, any Error>?](repeating: nil, count: work.count)
    results.withUnsafeMutableBufferPointer { results in
      sessions.withUnsafeMutableBufferPointer { sessions in
        nonisolated(unsafe) let (results, sessions) = (results, sessions)
        concurrently(work.count, threads: threads) { chunk, thread in
          let (attack, positions) = work[chunk]
          let task = AttackTask(
            batch: Batch(
              images: step.images.rows(positions), indices: positions.map { step.indices[$0] }),
            criteria: positions.map { .untargeted(label: step.labels[$0]) },
            threats: [[ThreatModel](repeating: threat, count: positions.count)], choice: .last,
            // Fresh random starts in every step.
            seed: seed &+ UInt64(step.number + 1) &* 0x9e37_79b9_7f4a_7c15)
          let session = sessions[thread] ?? classifier.session()
          sessions[thread] = session
          results[chunk] = Result { try attack.perturb(task, against: session)[0] }
        }
      }
    }
    var images = step.images
    for (chunk, result) in zip(work, results) {
      guard let rows = try result?.get() else { continue }
      for (row, position) in chunk.positions.enumerated() {
        images.withRow(position) { target in
          _ = target.update(fromContentsOf: rows.row(row))
        }
      }
    }
    return images
  }
}
