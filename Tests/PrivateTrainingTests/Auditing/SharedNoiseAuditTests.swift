import NeuralNetworks
import Privacy
import PrivateTraining
import Testing

@Suite struct SharedNoiseAuditTests {
  private func audit(
    _ text: String, epsilon: Double, epochs: Int = 30
  ) throws -> SharedNoiseAudit? {
    let request = PrivacyRequest(targetEpsilon: epsilon, delta: 1e-3, randomness: .seeded)
    let setting = try SystemExample.setting(request, epochs: epochs)
    return try SharedNoiseAudit.run(
      TrainingSystems.parse(text).plan(setting), setting, method: text)
  }

  @Test func publishedStoBatchTellsImagesAndLabels() throws {
    let result = try #require(
      try audit("stobatch:form=published,reconstruction=false", epsilon: 400))
    #expect(result.pixelsRecovered == 1 && result.images == 10)
    #expect(result.labelsRecovered == 1 && result.labels == 10)
    #expect(result.isViolation && result.claimedEpsilon == 400)
  }

  @Test func publishedAdLMTellsImages() throws {
    let result = try #require(try audit("adlm:form=published", epsilon: 3, epochs: 1))
    #expect(result.pixelsRecovered > 0.9 && result.labelsRecovered == nil)
    #expect(result.isViolation)
  }

  @Test(arguments: ["stobatch", "adlm", "dp-sgd", "optimized-noise"])
  func soundFormsShareNothing(_ text: String) throws {
    #expect(try audit(text, epsilon: 4) == nil)
  }

  @Test func stopsWhenAsked() throws {
    let setting = try SystemExample.setting(
      PrivacyRequest(targetEpsilon: 4, delta: 1e-3, randomness: .seeded))
    let plan = try TrainingSystems.parse("stobatch:form=published").plan(setting)
    #expect(throws: CancellationError.self) {
      try SharedNoiseAudit.run(plan, setting, method: "") { done, _ in done < 2 }
    }
  }

  /// Canaries get into every system with clipped gradients and Gaussian noise.
  @Test(arguments: ["dp-sgd", "dp-adversarial", "secure-sgd", "secure-sgd-agm"])
  func canariesGetIntoEveryDescent(_ text: String) throws {
    var setting = try SystemExample.setting()
    var found: GradientCanaries?
    setting.makeDescent = { method, setting in
      let canaries = try GradientCanaries(
        method, for: setting.network, count: setting.data.count, canaries: 50, seed: 1)
      found = canaries
      return canaries
    }
    let plan = try TrainingSystems.parse(text).plan(setting)
    let trainer = try SystemExample.trainer(plan, setting)
    while !trainer.isFinished { _ = try trainer.advance(replacing: plan.images) }
    let canaries = try #require(found)
    #expect(canaries.scores.contains { $0 != 0 } && canaries.included.count == 50)
  }
}
