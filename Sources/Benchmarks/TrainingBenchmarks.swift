import Foundation
import NeuralNetworks
import Tensors

/// Steps of training (not private): steps a second.
enum TrainingBenchmarks {
  static func all(_ model: BenchmarkModel) throws -> [Benchmark] {
    let batchSizes: [BenchmarkModel: Int] = [.paperMNIST: 128, .paperCIFAR: 64]
    guard let batchSize = batchSizes[model] else { return [] }
    let network = try model.network()
    // Forward, backward to the values and backward to the weights: three times the forward pass,
    // less what the first layer does not pass on.
    let operations = 3 * network.operationCount * Double(batchSize)
    let configuration = TrainingConfiguration(
      epochs: 1 << 20, batchSize: batchSize, learningRate: LearningRate(0.01))
    return [
      Benchmark(
        work: "train-sgd-\(batchSize)", model: model.rawValue, operationsPerItem: operations,
        chunk: configuration.chunk
      ) { threads in
        let shape = network.inputShape
        let pixels = RandomKey(seed: 2, purpose: .test).uniforms(batchSize * shape.elementCount)
        let images = Tensor(shape: [batchSize] + shape, values: pixels)
        let data = TrainingData(labels: (0..<batchSize).map { $0 % 10 }) { images.rows($0) }
        let trainer = try Trainer(
          network, on: data, configuration: configuration, threads: threads)
        func error() throws -> Double {
          let expected = (0..<batchSize).reduce(0) {
            $0 + loss(of: network, images.row($1), label: $1 % 10) / Double(batchSize)
          }
          return abs(try trainer.advance().loss - expected) / expected
        }
        return .init(error: error, allowedError: 1e-4, itemsPerRun: 1) {
          _ = try trainer.advance()
        }
      }
    ]
  }

  /// The cross-entropy of one example in double precision.
  private static func loss(
    of network: Network, _ image: ArraySlice<Float>, label: Int
  ) -> Double {
    let logits = network.evaluate(image.map(Double.init))
    let largest = logits.max() ?? 0
    return log(logits.reduce(0) { $0 + exp($1 - largest) }) + largest - logits[label]
  }
}
