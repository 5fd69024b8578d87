import Attacks
import Dispatch
import NeuralNetworks
import Robustness
import Tensors

/// Forward passes and attacks: images a second.
enum NetworkBenchmarks {
  /// An attack as it is timed: name, parameters, and how many gradients an image costs.
  private struct Item {
    var work: String
    var attack: String
    var parameters: [String: String]
    var gradients: Int
  }

  private static let items: [Item] = {
    let steps = [10, 40, 100].map {
      Item(
        work: "i-fgsm-\($0)", attack: "i-fgsm", parameters: ["steps": "\($0)", "stepSize": "0.01"],
        gradients: $0)
    }
    return [Item(work: "fgsm", attack: "fgsm", parameters: [:], gradients: 1)] + steps + [
      Item(
        work: "mim-10", attack: "mim", parameters: ["steps": "10", "stepSize": "0.03"],
        gradients: 10),
      Item(work: "apgd-10", attack: "apgd", parameters: ["steps": "10"], gradients: 10),
    ]
  }()

  /// The images of a run: at most and at least, in between as many as `most` gradients allow; and
  /// the most gradients for each. Threads wait for each other at the end of a run, so where images
  /// are cheap a run has as many as a small evaluation.
  private static func extent(
    _ model: BenchmarkModel
  ) -> (most: Int, least: Int, gradients: Int) {
    switch model {
    case .paperMNIST: (1024, 256, 100)
    case .paperCIFAR: (512, 128, 40)
    case .resNet18: (256, 64, 10)
    }
  }

  static func all(_ model: BenchmarkModel, chunk: Int?) throws -> [Benchmark] {
    let classifier = Classifier(try model.network(), chunk: chunk)
    let forward = classifier.network.operationCount
    let (most, least, gradients) = extent(model)
    let batch = batch(of: most, classifier.inputShape)
    let logits = CheckOnce { try logitsError(of: classifier) }
    let gradient = CheckOnce {
      let error = try gradientError(of: classifier)
      return error.isNaN ? error : max(try logits.value(), error)
    }

    let plain = Benchmark(
      work: "forward", model: model.rawValue, operationsPerItem: forward, chunk: classifier.chunk
    ) { threads in
      let sessions = Sessions(classifier, threads)
      return .init(error: logits.value, allowedError: 1e-4, itemsPerRun: most) {
        try sessions.forEach(of: batch) { session, part in _ = try session.logits(part) }
      }
    }
    return try [plain]
      + items.filter { $0.gradients <= gradients }.map { item in
        let images = max(least, most / item.gradients)
        let batch = Batch(images: batch.images.rows(0..<images), indices: Array(0..<images))
        let attack = try Attacks.make(name: item.attack, parameters: item.parameters)
        return Benchmark(
          work: item.work, model: model.rawValue,
          operationsPerItem: 2 * forward * Double(item.gradients), chunk: classifier.chunk
        ) { threads in
          let sessions = Sessions(classifier, threads)
          return .init(error: gradient.value, allowedError: 1e-4, itemsPerRun: images) {
            try sessions.forEach(of: batch) { session, part in
              let threat = ThreatModel(norm: .linf, radius: 0.3, bounds: 0...1)
              let task = AttackTask(
                batch: part, criteria: part.indices.map { .untargeted(label: $0 % 10) },
                threats: [part.indices.map { _ in threat }], choice: .last)
              _ = try attack.perturb(task, against: session)
            }
          }
        }
      }
  }

  private static func batch(of count: Int, _ shape: [Int]) -> Batch {
    let pixels = RandomKey(seed: 2, purpose: .test).uniforms(count * shape.elementCount)
    return Batch(
      images: Tensor(shape: [count] + shape, values: pixels), indices: Array(0..<count))
  }

  /// How far logits are from the definition in double precision, relative to the largest.
  private static func logitsError(of classifier: Classifier) throws -> Double {
    let batch = batch(of: 1, classifier.inputShape)
    let logits = try classifier.session().logits(batch)
    return relativeError(
      logits.values, from: classifier.network.evaluate(batch.images.values.map(Double.init)))
  }

  /// How far the derivative of half the squared logits along a random direction is from central
  /// differences of the definition, relative to the sum of its terms' sizes.
  private static func gradientError(of classifier: Classifier) throws -> Double {
    let batch = batch(of: 1, classifier.inputShape)
    let (_, gradient) = try classifier.session().gradient(batch) { $0 }
    let image = batch.images.values.map(Double.init)
    let direction = RandomKey(seed: 2, purpose: .test, draw: 1).normals(image.count)
      .map(Double.init)
    func loss(_ step: Double) -> Double {
      let logits = classifier.network.evaluate(zip(image, direction).map { $0 + step * $1 })
      return logits.reduce(0) { $0 + $1 * $1 / 2 }
    }
    let step = 1e-7
    let expected = (loss(step) - loss(-step)) / (2 * step)
    let terms = zip(gradient.values, direction).map { Double($0) * $1 }
    return abs(terms.reduce(0, +) - expected) / terms.reduce(0) { $0 + abs($1) }
  }
}

/// A value that is computed at its first use.
private final class CheckOnce: @unchecked Sendable {
  private let compute: () throws -> Double
  private var cached: Double?
  init(_ compute: @escaping () throws -> Double) { self.compute = compute }
  func value() throws -> Double {
    if let cached { return cached }
    let value = try compute()
    cached = value
    return value
  }
}

/// A session for each thread.
private final class Sessions: @unchecked Sendable {
  private let sessions: [ClassifierSession]
  private let chunk: Int

  init(_ classifier: Classifier, _ threads: Int) {
    sessions = (0..<threads).map { _ in classifier.session() }
    chunk = classifier.chunk
  }

  /// Calls `body` for every chunk of a batch, as threads become free.
  func forEach(
    of batch: Batch, _ body: @escaping (ClassifierSession, Batch) throws -> Void
  ) throws {
    let failures = Failures()
    let body = Unchecked(value: body)
    let chunks = (0..<batch.count).chunks(of: chunk, threads: sessions.count)
    concurrently(chunks.count, threads: sessions.count) { index, thread in
      let part = Batch(
        images: batch.images.rows(chunks[index]), indices: Array(batch.indices[chunks[index]]))
      do { try body.value(sessions[thread], part) } catch { failures.add(error) }
    }
    if let error = failures.first { throw error }
  }

  private struct Unchecked<T>: @unchecked Sendable { let value: T }
}

/// The first error of several threads.
private final class Failures: @unchecked Sendable {
  private let queue = DispatchQueue(label: "failures")
  private var errors: [any Error] = []
  func add(_ error: any Error) { queue.sync { errors.append(error) } }
  var first: (any Error)? { queue.sync { errors.first } }
}
