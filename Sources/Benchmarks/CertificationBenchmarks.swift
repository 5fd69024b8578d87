import NeuralNetworks
import Robustness
import Tensors

/// Votes over draws of the noise: images of 1000 draws a second.
enum CertificationBenchmarks {
  private static let draws = 1000

  static func all(_ model: BenchmarkModel) throws -> [Benchmark] {
    let network = try model.network()
    switch model {
    case .paperMNIST:
      return [
        try benchmark("certify-input-1000", model, network, after: 0),
        try benchmark("certify-conv1-1000", model, network, after: 1),
      ]
    case .paperCIFAR: return [try benchmark("certify-conv1-1000", model, network, after: 1)]
    case .resNet18: return []
    }
  }

  private static func benchmark(
    _ work: String, _ model: BenchmarkModel, _ network: Network, after value: Int
  ) throws -> Benchmark {
    let classifier = try SmoothedClassifier(
      network.adding(Noise(.gaussian, scale: 0.25), to: value))
    let behind = try network.split(at: value).suffix.operationCount
    return Benchmark(
      work: work, model: model.rawValue, operationsPerItem: behind * Double(draws),
      chunk: classifier.chunk
    ) { threads in
      let sessions = (0..<threads).map { _ in Session(classifier.session()) }
      return .init(
        error: { try error(of: classifier) }, allowedError: 1e-4, itemsPerRun: 8 * threads
      ) {
        concurrently(8 * threads, threads: threads) { index, thread in
          let tally = try? sessions[thread].value.tally(
            image(classifier, index),
            key: RandomKey(seed: 1, purpose: .modelNoise, example: index), draws: draws)
          precondition(tally?.total == draws, "draws are missing")
        }
      }
    }
  }

  private static func image(_ classifier: SmoothedClassifier, _ index: Int) -> Tensor {
    let pixels = RandomKey(seed: 2, purpose: .test, example: index)
      .uniforms(classifier.inputShape.elementCount)
    return Tensor(shape: [1] + classifier.inputShape, values: pixels)
  }

  /// How far the logits of one noisy pass are from the definition in double precision; infinite
  /// where the vote is another.
  private static func error(of classifier: SmoothedClassifier) throws -> Double {
    let image = image(classifier, 0)
    let key = RandomKey(seed: 1, purpose: .expectationNoise)
    let network = classifier.network
    guard let noise = network.noises.first else { return .infinity }
    let (prefix, suffix) = try network.split(at: noise.result)
    let features = prefix.evaluate(image.values.map(Double.init))
    let noisy = zip(features, key.normals(features.count)).map { feature, normal in
      feature + Double(normal * noise.noise.scale)
    }
    let expected = suffix.evaluate(noisy)
    let model = ExpectationModel(classifier.session(), seed: 1, draws: 1)
    let logits = try model.logits(Batch(images: image, indices: [0]))
    let tally = try classifier.session().tally(image, key: key, draws: 1)
    guard let top = tally.top, expected[top] == expected.max() else { return .infinity }
    return relativeError(logits.values, from: expected)
  }

  /// A session that one thread at a time uses.
  private struct Session: @unchecked Sendable {
    let value: SmoothedSession
    init(_ value: SmoothedSession) { self.value = value }
  }
}
