import Foundation
import NeuralNetworks
import Privacy
import PrivateTraining
import Robustness
import Tensors
import TestSupport
import Testing

/// What holds of every system there is.
@Suite struct TrainingSystemConformanceTests {
  @Test func everySystemIsAmongTheCases() {
    let cased = Set(SystemExample.cases.map { $0.text.prefix { $0 != ":" } }.map(String.init))
    #expect(cased == Set(TrainingSystems.names))
    #expect(Set(TrainingSystems.names).count == TrainingSystems.all.count)
  }

  @Test(arguments: TrainingSystems.names)
  func defaultsAreParametersThatCanBeGiven(_ name: String) throws {
    let system = try TrainingSystems.parse(name)
    let parameters = TrainingSystems.parameters(of: system)
    #expect(parameters.map(\.name) == type(of: system).information.parameters.keys.sorted())
    let given = parameters.filter { $0.value != .none }.map { "\($0.name)=\($0.value)" }
    guard !given.isEmpty else { return }
    let again = try TrainingSystems.parse(name + ":" + given.joined(separator: ","))
    for (one, other) in zip(parameters, TrainingSystems.parameters(of: again)) {
      #expect("\(one.value)" == "\(other.value)")
    }
  }

  /// The same weights and the same noise, to the bit, for other threads, and after going on from a
  /// state with a plan of its own.
  @Test(arguments: SystemExample.cases)
  func threadsAndInterruptionsChangeNothing(_ example: SystemExample.Case) throws {
    let system = try TrainingSystems.parse(example.text)
    let whole = try SystemExample.run(system, try SystemExample.setting(example.request))
    let setting = try SystemExample.setting(example.request, threads: 3)
    let first = try system.plan(setting)
    let begun = try SystemExample.trainer(first, setting)
    for _ in 0..<3 { _ = try begun.advance(replacing: first.images) }
    // By way of a file.
    let run = TrainingSummary.Run(
      architecture: "", inputShape: [1, 4, 4], classes: 3, data: "", attack: nil,
      configuration: setting.configuration)
    let second = try system.plan(setting)
    let rest = try SystemExample.trainer(second, setting)
    rest.state = try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("run.checkpoint").path
      try Checkpoint(run: run, state: begun.state).write(to: path)
      return try Checkpoint.read(path, for: run, of: rest).state
    }
    #expect(rest.state == begun.state)
    while !rest.isFinished { _ = try rest.advance(replacing: second.images) }
    let resumed = try second.finish(rest.averagedNetwork)
    #expect(resumed.parameters == whole.parameters)
    #expect(resumed.noises.map(\.noise) == whole.noises.map(\.noise))
    #expect(whole.parameters.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    let initial = try SystemExample.network().parameters
    #expect(zip(whole.parameters, initial).contains { $0 != $1 }, "it learnt something")
  }

  /// What a file may hold besides what the method wrote is refused, not trapped on.
  @Test(arguments: SystemExample.cases)
  func memoriesOfOthersAreNotAccepted(_ example: SystemExample.Case) throws {
    let system = try TrainingSystems.parse(example.text)
    let setting = try SystemExample.setting(example.request)
    let plan = try system.plan(setting)
    let trainer = try SystemExample.trainer(plan, setting)
    _ = try trainer.advance(replacing: plan.images)
    let memory = plan.method.memory
    #expect(plan.method.accepts(memory: memory))
    #expect(!plan.method.accepts(memory: memory + [1]))
    for index in memory.indices.prefix(40) {
      for value in [Double.nan, .infinity, 1e300, -1] {
        var other = memory
        other[index] = value
        #expect(!plan.method.accepts(memory: other), "\(value) at \(index)")
      }
      // Nothing at all may be what there was before the first step.
      if index > 0 { #expect(!plan.method.accepts(memory: Array(memory[..<index]))) }
    }
  }

  /// A finite epsilon is only ever claimed as sound where an accountant proves it; a form as
  /// printed says what is wrong with it.
  @Test(arguments: SystemExample.cases)
  func claimsHoldOrAreCalledUnsound(_ example: SystemExample.Case) throws {
    let system = try TrainingSystems.parse(example.text)
    let setting = try SystemExample.setting(example.request)
    let plan = try system.plan(setting)
    let statement = try PrivacyStatement(
      weights: "00", system: system, account: plan.account, steps: setting.steps,
      examples: setting.data.count, target: example.request.target)
    let audited = statement.audits.compactMap(\.epsilon).min()
    let isPublished = example.text.contains("published")
    let claims = example.request.targetEpsilon != nil
    #expect((statement.mode == nil) == !claims)
    #expect(!claims || (statement.mode == .published) == isPublished)
    if example.request.targetEpsilon == nil {
      #expect(statement.claim.epsilon == nil && audited == nil && !statement.violations.isEmpty)
    } else if isPublished {
      #expect(audited == nil && !statement.violations.isEmpty)
      #expect(statement.summary.contains("UNSOUND"))
    } else {
      let found = try #require(audited)
      #expect(found <= 4 && found > 3.5, "\(found)")
      #expect(statement.claim.epsilon == 4 && statement.violations.isEmpty)
    }
    let text = try statement.json()
    #expect(try JSONDecoder().decode(PrivacyStatement.self, from: Data(text.utf8)) == statement)
  }

  @Test(arguments: [
    ("nothing", "method 'nothing' does not exist"),
    ("dp-sgd:x=1", "'x'"), ("pixeldp:epsilon=0", "epsilon must be positive"),
    ("pixeldp:delta=1.5", "delta must be in (0, 1)"),
    ("pixeldp:mechanism=laplace", "delta must be 0 for Laplace noise"),
    ("secure-sgd:r=relevance", "computed from the private data"),
    ("hgm-pixeldp:r=private-relevance", "gives training data no privacy"),
    ("stobatch:labelShare=1", "labelShare is out of range"),
    ("adlm:form=other", "form"), ("optimized-noise:clip=-1", "clip must be positive"),
  ])
  func refusesWhatItCannotDo(_ text: String, _ problem: String) {
    #expect {
      _ = try TrainingSystems.parse(text)
    } throws: {
      "\($0)".contains(problem)
    }
  }

  @Test(arguments: [
    ("adlm", PrivacyRequest(), "target epsilon is missing"),
    ("stobatch", PrivacyRequest(noiseMultiplier: 1), "noise multiplier is none of this method's"),
    ("secure-sgd", PrivacyRequest(), "needs either a noise multiplier or a target epsilon"),
    ("pixeldp:after=nowhere", PrivacyRequest(), "names node 'nowhere'"),
    ("pixeldp:after=relu1", PrivacyRequest(), "relu1"),
    (
      "secure-sgd:r=private-relevance",
      PrivacyRequest(targetEpsilon: 0.01, delta: 1e-5), "no noise multiplier"
    ),
  ])
  func refusesSettingsThatDoNotSuit(
    _ text: String, _ request: PrivacyRequest, _ problem: String
  ) throws {
    let system = try TrainingSystems.parse(text)
    let setting = try SystemExample.setting(request)
    #expect {
      _ = try SystemExample.run(system, setting)
    } throws: {
      "\($0)".contains(problem)
    }
  }

  /// The same noise on a shifted form of an image would show the image.
  @Test(arguments: ["adlm", "stobatch"])
  func aReleaseThatIsDrawnOnceIsNotAugmented(_ text: String) throws {
    var setting = try SystemExample.setting()
    setting.configuration.augmentation = Augmentation(shift: 1)
    #expect {
      _ = try TrainingSystems.parse(text).plan(setting)
    } throws: {
      "\($0)".contains("augmentation is not for images with noise that was drawn once")
    }
  }
}
