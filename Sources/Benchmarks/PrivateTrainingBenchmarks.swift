import Foundation
import NeuralNetworks
import PrivateTraining
import Tensors

/// Steps of DP-SGD at a sampling rate of one, secure noise and all: steps a second.
enum PrivateTrainingBenchmarks {
  static func all(_ model: BenchmarkModel) throws -> [Benchmark] {
    let batchSizes: [BenchmarkModel: [Int]] = [.paperMNIST: [128, 1024], .paperCIFAR: [64]]
    let network = try model.network()
    return (batchSizes[model] ?? []).map { benchmark(model, network, batchSize: $0) }
  }

  private static func benchmark(
    _ model: BenchmarkModel, _ network: Network, batchSize: Int
  ) -> Benchmark {
    // As many as of a step that is not private.
    let operations = 3 * network.operationCount * Double(batchSize)
    let chunk = ClippedGradient.chunk(for: network)
    return Benchmark(
      work: "train-dp-sgd-\(batchSize)", model: model.rawValue, operationsPerItem: operations,
      chunk: chunk
    ) { threads in
      let shape = network.inputShape
      let pixels = RandomKey(seed: 2, purpose: .test).uniforms(batchSize * shape.elementCount)
      let images = Tensor(shape: [batchSize] + shape, values: pixels)
      let labels = (0..<batchSize).map { $0 % 10 }
      let data = TrainingData(labels: labels) { images.rows($0) }
      func descent(_ noiseMultiplier: Double) throws -> PrivateDescent {
        try PrivateDescent(
          DPSGD(
            samplingRate: 1, expectedBatchSize: batchSize, clipping: .init(norm: 1),
            noiseMultiplier: noiseMultiplier),
          for: network, count: batchSize, seed: 1, threads: threads)
      }
      func error() throws -> Double {
        try difference(of: descent(0), from: network, images.rows(0..<min(batchSize, 48)), labels)
      }
      let trainer = try Trainer(
        network, on: data,
        configuration: TrainingConfiguration(
          epochs: 1 << 20, batchSize: batchSize, optimizer: .sgd(momentum: 0),
          learningRate: LearningRate(0.001)), method: descent(1), threads: threads)
      return .init(error: error, allowedError: 1e-4, itemsPerRun: 1) { _ = try trainer.advance() }
    }
  }

  /// How far a noiseless step's gradient is from a loop over single examples, relative to the
  /// largest element.
  private static func difference(
    of descent: PrivateDescent, from network: Network, _ images: Tensor, _ labels: [Int]
  ) throws -> Double {
    let count = images.rowCount
    let classes = network.outputShape.elementCount
    _ = try descent.compute(
      Trainer.Step(
        network: network, images: images, labels: Array(labels.prefix(count)),
        indices: Array(0..<count), number: 0))
    var sums = network.parameters.map { [Double](repeating: 0, count: $0.values.count) }
    let workspace = Plan(network, capacity: 1, purpose: .training).makeWorkspace()
    for example in 0..<count {
      workspace.input.update(from: Array(images.row(example)), count: images.rowSize)
      workspace.forward(count: 1)
      let logits = (0..<classes).map { Double(workspace.output[$0]) }
      let total = logits.reduce(0) { $0 + exp($1) }
      for index in 0..<classes {
        workspace.outputGradient[index] = Float(
          exp(logits[index]) / total - (index == labels[example] ? 1 : 0))
      }
      let buffers = sums.map { AlignedBuffer(count: $0.count) }
      workspace.addParameterGradients(to: buffers.map(\.pointer))
      let norm = buffers.reduce(0) { $0 + dot($1.pointer, $1.pointer, count: $1.count) }
        .squareRoot()
      for (index, buffer) in buffers.enumerated() {
        for element in 0..<buffer.count {
          sums[index][element] += Double(buffer.pointer[element]) / max(1, norm)
        }
      }
    }
    var (largest, error) = (0.0, 0.0)
    for (sum, gradient) in zip(sums, descent.gradients) {
      for (element, value) in sum.enumerated() {
        let expected = value / Double(descent.method.expectedBatchSize)
        largest = max(largest, abs(expected))
        error = max(error, abs(expected - Double(gradient[element])))
      }
    }
    return error / largest
  }
}
