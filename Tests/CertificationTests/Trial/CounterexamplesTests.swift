import NeuralNetworks
import Robustness
import TestSupport
import Tensors
import Testing

import Certification

/// Every certifier on every counterexample: what holds stays within the exact distance, what was
/// published is caught.
@Suite struct CounterexamplesTests {
  static let names = ["divides-twice", "equal-maps", "added-radii", "cancelled-size"]

  static func example(_ name: String) throws -> Counterexample {
    try #require(try Counterexamples.all().first { $0.name == name })
  }

  @Test func eachFormulaAsPublishedHasOne() throws {
    let examples = try Counterexamples.all()
    #expect(examples.map(\.name) == Self.names)
    let unsound = Certifiers.all.filter { !$0.information.isSound }.map { $0.information.name }
    #expect(Set(examples.map(\.refutes)) == Set(unsound))
  }

  @Test(arguments: names)
  func soundCertifiersPassAndThePublishedOneIsCaught(_ name: String) throws {
    let example = try Self.example(name)
    var options = Counterexample.options
    options.judgementDraws = 30_000
    options.selectionDraws = 500
    let outcomes = try example.trial(of: Certifiers.all.map { $0.init() }, options: options)
    #expect(outcomes.count { $0.isSound } >= 2)
    for outcome in outcomes {
      if outcome.isSound {
        #expect(!outcome.claimsTooMuch && outcome.finding.violation == nil, "\(outcome)")
      }
      if outcome.finding.violation != nil { #expect(outcome.claimsTooMuch, "\(outcome)") }
    }
    let published = try #require(outcomes.first { $0.certifier == example.refutes })
    #expect(published.claimsTooMuch)
    let violation = try #require(published.finding.violation)
    // The prediction changes at `flip`; it takes some more for 30,000 votes to show it.
    #expect(violation.distance > example.flip * 0.9999)
    #expect(violation.distance < example.flip * 1.2)
  }

  /// What is said to be exact is what the network does: its votes do not contradict the bounds, at
  /// five standard errors.
  @Test(arguments: names)
  func networksHaveTheProbabilitiesThatAreSaid(_ name: String) throws {
    let example = try Self.example(name)
    let draws = 100_000
    let session = try SmoothedClassifier(example.network).session()
    func share(_ image: Tensor, _ classes: (Int) -> Bool) throws -> Double {
      let tally = try session.tally(
        image, key: RandomKey(seed: 1, purpose: .modelNoise), draws: draws)
      let votes = tally.counts.indices.filter(classes).map { tally.counts[$0] }.max() ?? 0
      return Double(votes) / Double(draws)
    }
    func error(_ p: Double) -> Double { 5 * (p * (1 - p) / Double(draws)).squareRoot() }
    let bounds = example.bounds
    let top = try share(example.image) { $0 == example.label }
    #expect(abs(top - bounds.lower) <= error(bounds.lower))
    let rival = try share(example.image) { $0 != example.label }
    #expect(abs(rival - bounds.upper) <= error(bounds.upper))
    // On the boundary the two are even.
    var boundary = example.image
    boundary.values[0] -= Float(example.flip)
    let label = try share(boundary) { $0 == example.label }
    let other = try share(boundary) { $0 != example.label }
    #expect(abs(label - other) <= 2 * error(label))
  }

  @Test func theTrialIsTheSameAgain() throws {
    let example = try Self.example("added-radii")
    var options = Counterexample.options
    options.judgementDraws = 1000
    options.selectionDraws = 100
    let certifiers = [PublishedStoBatchCertifier()]
    let first = try example.trial(of: certifiers, options: options, seed: 7)
    #expect(try example.trial(of: certifiers, options: options, seed: 7) == first)
    #expect(try example.trial(of: certifiers, options: options, seed: 8) != first)
  }
}
