import Foundation
import NeuralNetworks
import Robustness
import TestSupport
import Tensors
import Testing

@Suite struct SmoothedClassifierTests {
  /// Logits x0 - x1 and 0 of two pixels, with noise of deviation 0.5 on both.
  private func linear(chunk: Int? = nil) throws -> SmoothedClassifier {
    var network = Network(inputShape: [1, 1, 2])
    try network.append(Noise(.gaussian, scale: 0.5))
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [1, -1, 0, 0])))
    return try SmoothedClassifier(network, chunk: chunk)
  }

  /// Convolution, noise, rectifier, noise, dense.
  private func deep(chunk: Int? = nil) throws -> SmoothedClassifier {
    var network = Network(inputShape: [1, 5, 5])
    try network.append(
      Convolution(weight: randomTensor([2, 1, 3, 3]), padding: .init(all: 1)))
    try network.append(Noise(.gaussian, scale: 0.5))
    try network.append(Activation(.relu))
    try network.append(Noise(.laplace, scale: 0.2, stream: 1))
    try network.append(Reshape([50]))
    try network.append(Dense(weight: randomTensor([3, 50], draw: 1)))
    return try SmoothedClassifier(network, chunk: chunk)
  }

  // The difference of the two noises has deviation 0.5 sqrt(2), so class 0 wins with probability
  // Phi(0.4 / 0.7071) = 0.7142; five binomial deviations of 20,000 draws are 0.016.
  @Test func votesHaveTheirProbability() throws {
    let session = try linear().session()
    let image = Tensor(shape: [1, 1, 1, 2], values: [0.7, 0.3])
    let tally = try session.tally(
      image, key: RandomKey(seed: 1, purpose: .modelNoise), draws: 20_000)
    #expect(tally.total == 20_000 && tally.blank == 0)
    let expected = 0.5 * erfc(-0.4 / (0.5 * 2.0.squareRoot()) / 2.0.squareRoot())
    #expect(abs(Double(tally.counts[0]) / 20_000 - expected) < 0.016)
  }

  @Test(arguments: [1, 3, 64])
  func talliesDoNotDependOnTheChunk(_ chunk: Int) throws {
    let image = randomTensor([1, 1, 5, 5], draw: 4)
    let key = RandomKey(seed: 1, purpose: .modelNoise, example: 2)
    let expected = try deep(chunk: 7).session().tally(image, key: key, draws: 100)
    #expect(expected.counts.count { $0 > 0 } > 1)
    #expect(try deep(chunk: chunk).session().tally(image, key: key, draws: 100) == expected)
  }

  @Test(arguments: [1, 24, 64])
  func drawingEndsWhenItIsDecided(_ chunk: Int) throws {
    let session = try deep(chunk: chunk).session()
    let tally = try session.tally(
      randomTensor([1, 1, 5, 5], draw: 4), key: RandomKey(seed: 1, purpose: .modelNoise),
      draws: 100
    ) { $0.total >= 40 }
    #expect(tally.total == 64 && session.forwardCount == 64)
  }

  /// The mean over draws against each draw's own network, whose noise is a shift.
  @Test func expectationsAreMeansOverDraws() throws {
    let classifier = try deep(chunk: 2)
    let model = ExpectationModel(classifier.session(), seed: 3, draws: 4)
    let batch = Batch(images: randomTensor([3, 1, 5, 5], draw: 5), indices: [4, 5, 6])
    func cotangent(_ logits: Tensor) -> Tensor {
      Tensor(shape: logits.shape, values: logits.values.map { $0 * $0 })
    }
    for question in 0..<2 {
      let answer = try model.gradient(batch, cotangent: cotangent)
      for row in 0..<3 {
        var logits = [Double](repeating: 0, count: 3)
        var gradient = [Double](repeating: 0, count: 25)
        for draw in 0..<4 {
          let key = RandomKey(
            seed: 3, purpose: .expectationNoise, example: row + 4, draw: question * 4 + draw)
          let workspace = Plan(classifier.network, capacity: 1, keepsNoise: true).makeWorkspace()
          workspace.input.update(from: Array(batch.images.row(row)), count: 25)
          workspace.forward(count: 1, noise: [key])
          for label in 0..<3 {
            let logit = workspace.output[label]
            logits[label] += Double(logit) / 4
            workspace.outputGradient[label] = logit * logit
          }
          workspace.backward()
          for pixel in 0..<25 { gradient[pixel] += Double(workspace.inputGradient[pixel]) / 4 }
        }
        expectClose(answer.logits.row(row), logits, .accumulation)
        expectClose(answer.gradient.row(row), gradient, .accumulation)
      }
    }
  }

  @Test func noiseThatCanBePassedAroundIsRefused() throws {
    var network = Network(inputShape: [2])
    #expect(throws: NetworkError.self) { try SmoothedClassifier(network) }
    let noise = try network.append(Noise(.gaussian, scale: 1), named: "noise")
    try network.append(Sum(), reading: [noise, 0])
    #expect(
      throws: NetworkError.layer(
        name: "noise", problem: "the output also depends on the input by a way around it")
    ) { try SmoothedClassifier(network) }
    var twice = Network(inputShape: [2])
    try twice.append(Noise(.gaussian, scale: 1), named: "one")
    try twice.append(Noise(.gaussian, scale: 1), named: "two")
    #expect(
      throws: NetworkError.layer(
        name: "one", problem: "two noise layers have the same stream")
    ) { try SmoothedClassifier(twice) }
  }
}
