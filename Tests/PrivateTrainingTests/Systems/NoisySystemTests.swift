import Certification
import Foundation
import NeuralNetworks
import Privacy
import PrivateTraining
import Robustness
import Tensors
import TestSupport
import Testing

/// Systems whose networks hide changes of the input.
@Suite struct NoisySystemTests {
  /// The trained network's noise is what its own weights ask for, no less.
  @Test(arguments: [
    "secure-sgd:norm=linf,size=0.1",
    "secure-sgd:form=published,r=relevance,norm=linf,size=0.1",
    "hgm-pixeldp:r=random,norm=linf,size=0.1",
  ])
  func theFinalNoiseIsCalibratedToTheFinalWeights(_ text: String) throws {
    let system = try TrainingSystems.parse(text)
    let request =
      text.hasPrefix("hgm") ? PrivacyRequest() : SystemExample.Case(text: text).request
    let network = try SystemExample.run(system, try SystemExample.setting(request))
    let placed = try #require(network.noises.first)
    #expect(network.noises.count == 1 && placed.value == 1 && placed.noise.sharing == nil)
    let bounds = try Sensitivity.bounds(
      LinearMap(prefixOf: network, upTo: 1),
      redistribution: Redistribution.shares(of: placed.noise),
      from: .linf, to: .l2)
    let printed = try #require(bounds.bounds.first { $0.method == .printed }).value
    let sensitivity = text.contains("published") ? printed : bounds.smallest.value
    let scale = try Mechanism.extended.scale(
      epsilon: 4, delta: 1e-5, sensitivity: sensitivity * 0.1)
    expectClose(Double(placed.noise.scale), scale, .rounding)
    #expect(Double(placed.noise.scale) >= scale)
    // So the classifier's own bound on the smoothed outputs is the epsilon asked for.
    let release = try #require(try network.noiseReleases(in: .linf).first)
    #expect(
      release.sensitivity * 0.1 / release.scale <= Mechanism.extended.unitRatio(
        epsilon: 4, logDelta: -11.512925464970229) * 1.000001)
  }

  @Test func laplaceNoiseAtTheInputHasItsClosedForm() throws {
    let system = try TrainingSystems.parse(
      "pixeldp:mechanism=laplace,delta=0,epsilon=2,size=0.5,norm=l1,after=input")
    let network = try SystemExample.run(system, try SystemExample.setting(PrivacyRequest()))
    let noise = try #require(network.noises.first)
    #expect(noise.value == 0 && noise.noise.family == .laplace)
    expectClose(Double(noise.noise.scale), 0.25, .rounding)
  }

  @Test func sharesMayStandInAFile() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("r.json").path
      let shares = (0..<32).map { $0 < 16 ? 1.0 / 24 : 1.0 / 48 }
      try "\(shares)".write(toFile: path, atomically: true, encoding: .utf8)
      let system = try TrainingSystems.parse("secure-sgd:r=\(path)")
      let setting = try SystemExample.setting()
      let network = try SystemExample.run(system, setting)
      let scales = try #require(network.noises.first?.noise.relativeScales).values
      expectClose(scales, shares.map { (32 * $0).squareRoot() }, .rounding)
      #expect(try system.plan(setting).account.assumptions.contains { $0.contains("'\(path)'") })
      let absent = try TrainingSystems.parse("secure-sgd:r=\(path).gone")
      #expect {
        _ = try SystemExample.run(absent, setting)
      } throws: {
        "\($0)".contains("r.json.gone")
      }
    }
  }

  /// The published form trains with one draw for all examples of all steps, and is used with fresh
  /// ones.
  @Test func thePublishedNoiseOfTrainingIsDrawnOnce() throws {
    let system = try TrainingSystems.parse(
      "secure-sgd:form=published,r=relevance,norm=linf,size=0.1")
    let plan = try system.plan(try SystemExample.setting())
    #expect(plan.network.noises.map(\.noise.sharing) == [.run])
    let sound = try TrainingSystems.parse("secure-sgd").plan(try SystemExample.setting())
    #expect(sound.network.noises.map(\.noise.sharing) == [nil])
  }

  /// Limits and noise, by hand: with a huge noise multiplier r is mostly noise, with a tiny one and
  /// a wide limit it is the relevance itself.
  @Test func relevanceIsReleasedWithItsNoise() throws {
    func shares(_ parameters: String) throws -> [Float] {
      let system = try TrainingSystems.parse("secure-sgd:" + parameters)
      let request = PrivacyRequest(noiseMultiplier: 1, delta: 1e-3, randomness: .seeded)
      let setting = try SystemExample.setting(request, epochs: 1)
      let plan = try system.plan(setting)
      let trainer = try SystemExample.trainer(plan, setting)
      _ = try trainer.advance(replacing: plan.images)
      return try #require(trainer.network.noises.first?.noise.relativeScales).values
    }
    let exact = try shares("form=published,r=relevance,norm=linf,size=0.1")
    let close = try shares("r=private-relevance,relevanceClip=1000,relevanceNoise=1e-9")
    expectClose(close, exact.map(Double.init), .accumulation)
    let noisy = try shares("r=private-relevance,relevanceClip=0.1,relevanceNoise=1000")
    let difference = zip(noisy, exact).map { abs($0 - $1) }.max() ?? 0
    #expect(difference > 0.1)
  }
}
