import Foundation
import NeuralNetworks
import Privacy
import PrivateTraining
import TestSupport
import Testing

@Suite struct PrivacyStatementTests {
  private static func method(_ noiseMultiplier: Double) -> DPSGD {
    DPSGD(
      samplingRate: 0.01, expectedBatchSize: 600, clipping: .init(norm: 1),
      noiseMultiplier: noiseMultiplier)
  }

  /// Three libraries' answers for 10,000 steps at rate 0.01, multiplier 4, delta 1e-5: 0.9470 by
  /// loss distributions, 1.0355 by Renyi divergence.
  @Test func auditsAreThoseOfKnownAccountants() throws {
    let statement = try PrivacyStatement(
      weights: "00", system: DPSGDTraining(), account: PrivacyAccount(Self.method(4)),
      steps: 10_000, examples: 60_000,
      target: .init(epsilon: nil, delta: 1e-5))
    #expect(
      statement.audits.map(\.accountant) == ["privacy loss distribution", "Renyi divergence"])
    let known = Tolerance(relative: 1e-3, absolute: 0)
    expectClose(try #require(statement.audits[0].epsilon), 0.9470, known)
    expectClose(try #require(statement.audits[1].epsilon), 1.0355, known)
    #expect(statement.claim.epsilon == statement.audits[0].epsilon)
  }

  @Test(arguments: [(1.0, 1.0), (0.5, 0.947)])
  func whatWasAskedForIsClaimedOnlyWhereItHolds(asked: Double, claimed: Double) throws {
    let statement = try PrivacyStatement(
      weights: "00", system: DPSGDTraining(), account: PrivacyAccount(Self.method(4)),
      steps: 10_000, examples: 60_000,
      target: .init(epsilon: asked, delta: 1e-5))
    let epsilon = try #require(statement.claim.epsilon)
    expectClose(epsilon, claimed, Tolerance(relative: 1e-3, absolute: 0))
  }

  @Test func withoutNoiseNothingIsClaimed() throws {
    let statement = try PrivacyStatement(
      weights: "00", system: DPSGDTraining(), account: PrivacyAccount(Self.method(0)), steps: 3,
      examples: 60_000,
      target: .init(epsilon: 1, delta: 1e-5))
    #expect(statement.claim.epsilon == nil && statement.audits.allSatisfy { $0.epsilon == nil })
  }

  @Test func comesBackFromItsText() throws {
    let statement = try PrivacyStatement(
      weights: "00", system: DPSGDTraining(), account: PrivacyAccount(Self.method(2)), steps: 30,
      examples: 60_000,
      target: .init(epsilon: nil, delta: 1e-5))
    let text = try statement.json()
    #expect(try JSONDecoder().decode(PrivacyStatement.self, from: Data(text.utf8)) == statement)
    #expect(text.contains("\"neighbours\" : \"add-or-remove-one\""))
    #expect(text.contains("\"mode\" : \"sound\""))
  }

  @Test func aLargeDeltaIsRemarkedUpon() throws {
    func assumptions(_ delta: Double) throws -> [String] {
      try PrivacyStatement(
        weights: "00", system: DPSGDTraining(), account: PrivacyAccount(Self.method(2)), steps: 3,
        examples: 1000, target: .init(epsilon: nil, delta: delta)
      ).assumptions
    }
    #expect(try assumptions(1e-3).contains { $0.hasPrefix("a delta of 0.001, not below 1 / 1000") })
    #expect(try !assumptions(9e-4).contains { $0.hasPrefix("a delta of") })
  }

  /// What else is released is paid for: one Gaussian of multiplier 5 beside 100 steps.
  @Test func releasesBesideTheDescentCount() throws {
    let beside = PrivacyEvent.gaussian(noiseMultiplier: 5)
    let account = PrivacyAccount(Self.method(2), beside: beside)
    let descent = Self.method(2).event(steps: 100)
    #expect(account.event(100) == .composed([beside, descent]))
    func epsilon(_ event: PrivacyEvent) throws -> Double {
      try PLDAccountant().epsilon(of: event, delta: 1e-5)
    }
    #expect(try epsilon(account.event(100)) > epsilon(descent))
    let alone = try DPSGD.noiseMultiplier(epsilon: 2, delta: 1e-5, samplingRate: 0.02, steps: 50)
    let less = try DPSGD.noiseMultiplier(
      epsilon: 2, delta: 1e-5, samplingRate: 0.02, steps: 50, beside: beside)
    #expect(less > alone)
    let whole = PrivacyEvent.composed([
      beside,
      .selfComposed(.poissonSampledGaussian(rate: 0.02, noiseMultiplier: less), count: 50),
    ])
    #expect(try epsilon(whole) <= 2)
  }

  @Test func theNoiseFoundIsTheSmallestThatDoes() throws {
    let sigma = try DPSGD.noiseMultiplier(
      epsilon: 2, delta: 1e-5, samplingRate: 0.02, steps: 500)
    func epsilon(_ sigma: Double) throws -> Double {
      var method = Self.method(sigma)
      method.samplingRate = 0.02
      return try PLDAccountant().epsilon(of: method.event(steps: 500), delta: 1e-5)
    }
    #expect(try epsilon(sigma) <= 2)
    #expect(try epsilon(sigma * 0.9998) > 2)
  }
}
