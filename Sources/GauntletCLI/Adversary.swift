import ArgumentParser
import Dispatch
import Gauntlet

/// What adversarial training is told.
struct AdversaryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Trains on images perturbed by this attack: NAME or NAME:key=value,...",
      valueName: "attack"))
  var attack: String?

  @Option(help: ArgumentHelp("The attack's size, such as 0.3 or 8/255.", valueName: "size"))
  var epsilon: String?

  @Option(help: "The attack's norm; by default its first.")
  var norm: Norm?

  @Option(
    help: ArgumentHelp(
      "Steps over which the size rises from 0; at full size at once, training may not begin to "
        + "learn.", valueName: "steps"))
  var epsilonWarmUp = 500

  @Option(help: "The share of each batch that is perturbed.")
  var adversarialShare = 1.0

  func validate() throws {
    guard (attack == nil) == (epsilon == nil) else {
      throw ValidationError("--attack and --epsilon are given together or not at all")
    }
    guard epsilonWarmUp >= 0 else {
      throw ValidationError("--epsilon-warm-up is not to be negative: \(epsilonWarmUp)")
    }
    guard adversarialShare > 0 && adversarialShare <= 1 else {
      throw ValidationError(
        "--adversarial-share is to be more than 0 and at most 1, not \(adversarialShare)")
    }
  }

  /// What they stand for; nil without an attack.
  func adversary(seed: UInt64, threads: Int) throws -> Adversary? {
    guard let attack, let epsilon else { return nil }
    let method = try Attacks.parse(attack)
    let information = type(of: method).information
    let norm = norm ?? information.norms[0]
    guard information.norms.contains(norm) else {
      throw UsageError("attack '\(information.name)' is not defined for norm \(norm.rawValue)")
    }
    let size = try Epsilon(epsilon)
    let parameters = Attacks.parameters(of: method).map { "\($0.name)=\($0.value)" }
    return Adversary(
      attack: method, norm: norm, radius: size.radius, warmUp: epsilonWarmUp,
      share: adversarialShare, seed: seed,
      threads: threads,
      description: "\(information.name):\(parameters.joined(separator: ",")) \(norm.rawValue) "
        + "\(size.radius) warm-up \(epsilonWarmUp) share \(adversarialShare)")
  }
}

/// Puts adversarial examples against the network as it is in place of a batch's images.
///
/// A. Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", 2018.
struct Adversary: Sendable {
  let attack: any Attack
  let norm: Norm
  let radius: Float
  /// Steps over which the radius rises in equal parts.
  let warmUp: Int
  /// The part of the batch, from its beginning, that is replaced.
  let share: Double
  let seed: UInt64
  let threads: Int
  /// All that decides what it does.
  let description: String
  /// Images attacked together; results do not depend on it.
  private static let chunk = 16

  /// The images to learn from in place of the step's.
  func images(for step: Trainer.Step) throws -> Tensor {
    let count = Int((share * Double(step.labels.count)).rounded())
    let chunks = (count + Self.chunk - 1) / Self.chunk
    let classifier = Classifier(step.network, chunk: Self.chunk)
    let part = step.number < warmUp ? Float(step.number + 1) / Float(warmUp) : 1
    let threat = ThreatModel(norm: norm, radius: radius * part, bounds: classifier.bounds)
    var results = [Result<Tensor, any Error>?](repeating: nil, count: chunks)
    let workers = min(threads, chunks)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        let session = classifier.session()
        for chunk in stride(from: worker, to: chunks, by: workers) {
          let positions = Array(chunk * Self.chunk..<min((chunk + 1) * Self.chunk, count))
          let task = AttackTask(
            batch: Batch(
              images: step.images.rows(positions), indices: positions.map { step.indices[$0] }),
            criteria: positions.map { .untargeted(label: step.labels[$0]) },
            threats: [[ThreatModel](repeating: threat, count: positions.count)], choice: .last,
            // Fresh random starts in every step.
            seed: seed &+ UInt64(step.number + 1) &* 0x9e37_79b9_7f4a_7c15)
          results[chunk] = Result { try attack.perturb(task, against: session)[0] }
        }
      }
    }
    var parts = try results.compactMap { try $0?.get() }
    if count < step.labels.count {
      parts.append(step.images.rows(count..<step.labels.count))
    }
    return Tensor(joining: parts)
  }
}
