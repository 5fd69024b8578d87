import Foundation
import NeuralNetworks
import Privacy
import PrivateTraining
import Tensors
import TestSupport
import Testing

/// Sound runs pass, and runs that are not what is claimed of them do not.
@Suite struct GradientCanariesTests {
  private static func network() throws -> Network {
    let weights = RandomKey(seed: 9, purpose: .test).normals(16 * 100).map { $0 * 0.1 }
    var network = Network(inputShape: [100])
    try network.append(Dense(weight: Tensor(shape: [16, 100], values: weights)))
    try network.append(Activation(.tanh))
    try network.append(
      Dense(weight: Tensor(shape: [3, 16], values: Array(weights[0..<48]))))
    return network
  }

  private static let data = TrainingData(
    images: Tensor(
      shape: [400, 100], values: RandomKey(seed: 4, purpose: .test).normals(400 * 100)),
    labels: (0..<400).map { $0 % 3 })

  private static func method(
    rate: Double = 0.1, noise: Double = 1, norm: Double = 0.5,
    scope: GradientClipping.Scope = .joint, adaptation: ClippingAdaptation? = nil
  ) -> DPSGD {
    DPSGD(
      samplingRate: rate, expectedBatchSize: 40, clipping: .init(norm: norm, scope: scope),
      adaptation: adaptation, noiseMultiplier: noise, randomness: .seeded)
  }

  /// Runs one method for 60 steps and holds what it shows against the claim of another.
  private static func audit(
    running method: DPSGD, claiming claim: DPSGD, canaries: Int = 1000
  ) throws -> AuditResult {
    let network = try network()
    let configuration = TrainingConfiguration(
      epochs: 6, batchSize: 40, learningRate: .init(0.05), seed: 5)
    let canaries = try GradientCanaries(
      method, for: network, count: data.count, canaries: canaries, seed: 5, threads: 2)
    let trainer = try Trainer(network, on: data, configuration: configuration, method: canaries)
    while !trainer.isFinished { _ = try trainer.advance() }
    return try AuditResult(
      CanaryAudit(
        scores: canaries.scores, included: canaries.included, delta: 1e-5, confidence: 0.95),
      kind: .gradient, method: claim.summary, steps: trainer.step, examples: data.count,
      claimedEpsilon: PLDAccountant().epsilon(of: claim.event(steps: trainer.step), delta: 1e-5))
  }

  @Test(arguments: [
    Self.method(), Self.method(noise: 0.7), Self.method(rate: 1, noise: 6),
    Self.method(scope: .perLayer),
    Self.method(adaptation: ClippingAdaptation(countNoise: 4)),
  ])
  func aSoundRunHasNoViolation(method: DPSGD) throws {
    let result = try Self.audit(running: method, claiming: method)
    let claimed = try #require(result.claimedEpsilon)
    #expect(result.verdict == .consistent && result.epsilonLowerBound <= claimed, "\(result)")
    #expect(result.steps == 60 && result.guesses.canaries == 1000)
  }

  /// A bound of nothing would agree with everything.
  @Test func theBoundIsWithinReachOfTheClaim() throws {
    let result = try Self.audit(
      running: Self.method(rate: 1, noise: 6), claiming: Self.method(rate: 1, noise: 6))
    let claimed = try #require(result.claimedEpsilon)
    #expect(result.epsilonLowerBound > claimed / 5, "\(result)")
  }

  /// Each runs something else than is claimed: noise a fourth as strong, a clip that lets gradients
  /// be ten times as long as the noise is meant for, four times as many samples.
  @Test(arguments: [
    (Self.method(noise: 1), Self.method(noise: 4)),
    (Self.method(noise: 0.4, norm: 5), Self.method(noise: 4)),
    (Self.method(rate: 0.4, noise: 0.7), Self.method(rate: 0.1, noise: 1.4)),
    (Self.method(rate: 0.8, noise: 2), Self.method(rate: 0.2, noise: 2)),
  ])
  func aRunThatIsNotWhatIsClaimedIsCaught(running: DPSGD, claim: DPSGD) throws {
    let result = try Self.audit(running: running, claiming: claim)
    let claimed = try #require(result.claimedEpsilon)
    #expect(result.verdict == .violation && result.epsilonLowerBound > claimed, "\(result)")
    #expect(try #require(result.pValue) < 0.05)
  }

  @Test func withoutNoiseNothingIsClaimed() throws {
    let result = try Self.audit(
      running: Self.method(noise: 0), claiming: Self.method(noise: 0))
    #expect(result.verdict == .noClaim && result.claimedEpsilon == nil)
    #expect(result.epsilonLowerBound > 4)
  }

  /// The same examples are sampled with and without canaries, and canaries do not count as
  /// examples.
  @Test func examplesAreSampledAsWithoutCanaries() throws {
    let network = try Self.network()
    let canaries = try GradientCanaries(
      Self.method(), for: network, count: 400, canaries: 100, seed: 5)
    let descent = try PrivateDescent(Self.method(), for: network, count: 400, seed: 5)
    #expect((0..<5).allSatisfy { canaries.batch(step: $0) == descent.batch(step: $0) })
    #expect(canaries.included.contains(true) && canaries.included.contains(false))
  }

  @Test func moreCanariesThanParametersAreRefused() throws {
    let error = #expect(throws: PrivateTrainingError.self) {
      try GradientCanaries(
        Self.method(), for: Self.network(), count: 400, canaries: 2000, seed: 5)
    }
    #expect(
      "\(try #require(error))"
        == "private training: canaries must be 1 to the network's 1648 parameters, not 2000")
  }

  @Test func resultsAreWrittenAndReadAgain() throws {
    let result = try Self.audit(
      running: Self.method(), claiming: Self.method(), canaries: 40)
    let text = try result.json()
    #expect(try JSONDecoder().decode(AuditResult.self, from: Data(text.utf8)) == result)
    #expect(text.contains(#""verdict" : "consistent""#))
  }
}
