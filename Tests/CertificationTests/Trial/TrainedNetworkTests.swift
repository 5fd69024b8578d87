import NeuralNetworks
import Robustness
import Tensors
import Testing

import Certification

/// Networks trained with their noise, on images whose class is the brighter half.
@Suite struct TrainedNetworkTests {
  private static func images(_ count: Int, seed: UInt64) -> (images: Tensor, labels: [Int]) {
    var values: [Float] = []
    for example in 0..<count {
      let uniforms = RandomKey(seed: seed, purpose: .test, example: example).uniforms(16)
      for (pixel, uniform) in uniforms.enumerated() {
        values.append(0.5 * uniform + (pixel / 8 == example % 2 ? 0.5 : 0))
      }
    }
    return (
      Tensor(shape: [count, 1, 4, 4], values: values), (0..<count).map { $0 % 2 }
    )
  }

  private static func trained(_ network: Network, rate: Float = 0.05) throws -> Network {
    let (images, labels) = images(400, seed: 11)
    let trainer = try Trainer(
      network, on: TrainingData(images: images, labels: labels),
      configuration: TrainingConfiguration(
        epochs: 10, batchSize: 20, optimizer: .sgd(momentum: 0.9), learningRate: .init(rate),
        seed: 1))
    while !trainer.isFinished { _ = try trainer.advance() }
    return trainer.network
  }

  /// How many of ten certificates of each certifier are broken, and how many there are.
  private func trial(
    of certifiers: [any Certifier], on network: Network, draws: Int
  ) throws -> [(certified: Int, broken: Int)] {
    let releases = try network.noiseReleases(in: .l2)
    let session = try SmoothedClassifier(network).session()
    var options = TrialOptions()
    options.steps = 5
    options.selectionDraws = 100
    options.judgementDraws = 2000
    let trial = try CertificateTrial(session, options: options, seed: 2)
    let estimator = try ClassEstimator(alpha: 0.001)
    let images = Self.images(10, seed: 12).images
    var counts = certifiers.map { _ in (certified: 0, broken: 0) }
    for example in 0..<10 {
      let image = images.rows([example])
      let selection = RandomKey(seed: 2, purpose: .selectionNoise, example: example)
      let key = RandomKey(seed: 2, purpose: .modelNoise, example: example)
      let label = try #require(try session.tally(image, key: selection, draws: 50).top)
      let votes = try session.tally(image, key: key, draws: draws)
      let evidence = Evidence(
        bounds: estimator.bounds(successes: votes.counts[label], draws: draws),
        releases: releases, norm: .l2)
      for (index, certifier) in certifiers.enumerated() {
        guard let radius = try certifier.radius(evidence) else { continue }
        let finding = try trial.examine(
          image, example: example, norm: .l2, claims: [Claim(label: label, radius: radius)])[0]
        counts[index].certified += 1
        if finding.violation != nil { counts[index].broken += 1 }
      }
    }
    return counts
  }

  /// Many draws are needed: the formula exceeds the exact radius where a class has 99.95 % or more.
  @Test func aLinearModelBreaksTheBoundThatDividesTwice() throws {
    let architecture = try #require(Architecture.named("linear"))
    let plain = try architecture.makeNetwork(inputShape: [1, 4, 4], classes: 2, seed: 3)
    let network = try Self.trained(plain.adding(Noise(.gaussian, scale: 0.2), to: 0))
    let counts = try trial(
      of: [GaussianCertifier(), AGMCertifier(), PublishedHGMPixelDPCertifier()], on: network,
      draws: 100_000)
    #expect(counts.map { $0.certified } == [10, 10, 10])
    #expect(counts[0].broken == 0 && counts[1].broken == 0)
    #expect(counts[2].broken >= 5, "\(counts)")
  }

  /// 128 feature maps of one weight each, initialised uniformly: one of them alone moves at most
  /// `sqrt(3 / 128)` times as far as all, and a last layer that was trained from zero reads them
  /// all in one direction.
  @Test func manyFeatureMapsBreakTheSensitivityOfOne() throws {
    let maps = 128
    let limit = (6 / Float(1 + maps)).squareRoot()
    let weights = RandomKey(seed: 4, purpose: .weights).uniforms(maps).map {
      (2 * $0 - 1) * limit
    }
    var network = Network(inputShape: [1, 4, 4])
    try network.append(
      Convolution(weight: Tensor(shape: [maps, 1, 1, 1], values: weights)), named: "conv1")
    try network.append(Noise(.gaussian, scale: 0.5))
    try network.append(Reshape([maps * 16]))
    try network.append(Dense(weight: Tensor(shape: [2, maps * 16])))
    network = try Self.trained(network, rate: 0.005)
    let counts = try trial(
      of: [
        GaussianCertifier(), AGMCertifier(), HGMPixelDPCertifier(),
        PublishedPerFeatureMapCertifier(),
      ], on: network, draws: 5000)
    #expect(counts.map { $0.certified } == [10, 10, 10, 10])
    #expect(counts[0...2].allSatisfy { $0.broken == 0 })
    #expect(counts[3].broken >= 5, "\(counts)")
  }
}
