internal import Certification
internal import NeuralNetworks
internal import Privacy
internal import Robustness
internal import Tensors

extension TrainingSetting {
  /// A plan with noise in the network that is calibrated as it learns.
  ///
  /// - Parameters:
  ///   - base: makes the method for a setting's network, here the one with noise.
  ///   - sharing: what shares one draw in training.
  ///   - release: how `privateRelevance` is released.
  func plan(
    _ base: (TrainingSetting) throws -> any TrainingMethod, account: PrivacyAccount,
    noise: RobustnessNoise, shares: HGMNoise.Shares = .uniform, sharing: Noise.Sharing? = nil,
    release: PrivateRelevance? = nil
  ) throws -> TrainingPlan {
    let value = try noise.value(in: network)
    let plain = network
    var setting = self
    setting.network = try network.adding(
      Noise(noise.family, scale: 1, sharing: sharing), to: value)
    let (data, seed, threads) = (data, configuration.seed, threads)
    let method = NoisyDescent(
      try base(setting), noise: noise, in: setting.network, at: value,
      period: configuration.stepsPerEpoch(count: data.count), sharing: sharing,
      sharesFollow: shares == .weights
    ) { network in
      let shape = plain.shapes[value]
      switch shares {
      case .uniform: return nil
      case .weights:
        return try Redistribution.weights(
          LinearMap(prefixOf: network, upTo: value), from: noise.norm, for: noise.family
        ).relativeScales(shape: shape)
      case .random:
        return try Redistribution.random(count: shape.reduce(1, *), seed: seed)
          .relativeScales(shape: shape)
      case .file(let path):
        return try Redistribution.read(path, count: shape.reduce(1, *))
          .relativeScales(shape: shape)
      case .relevance, .privateRelevance:
        precondition(shares == .relevance || release != nil, "nobody said how to release r")
        return try PrivateRelevance.shares(
          in: network.withoutNoise(), at: value, data: data, threads: threads,
          releasedBy: shares == .relevance ? nil : release
        ).relativeScales(shape: shape)
      }
    }
    return TrainingPlan(
      network: setting.network, method: method, account: account, finish: method.finish)
  }
}
