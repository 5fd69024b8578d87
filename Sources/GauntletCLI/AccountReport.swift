import Foundation
import Gauntlet

/// What a private training run costs, as `gauntlet account` writes it in JSON.
struct AccountReport: Encodable {
  /// Equal steps.
  struct Steps: Encodable {
    var steps: Int
    var samplingRate: Double
    var noiseMultiplier: Double
  }

  /// What one accountant finds; every one is an upper bound.
  struct Bound: Encodable {
    var accountant: String
    /// Nil where there is no privacy.
    var epsilon: Double?
    /// Of the Renyi divergence.
    var order: Double?
  }

  var schemaVersion = 1
  var steps: [Steps]
  var delta: Double
  var relation: NeighbouringRelation
  /// The tightest first.
  var bounds: [Bound]
  /// Of the first bound; nil where there is no privacy.
  var epsilon: Double?

  /// - Throws: `PrivacyError`.
  init(_ run: AccountantHistory, delta: Double, relation: NeighbouringRelation) throws {
    self.delta = delta
    self.relation = relation
    steps = run.history.map {
      Steps(steps: $0.steps, samplingRate: $0.sampleRate, noiseMultiplier: $0.noiseMultiplier)
    }
    func finite(_ epsilon: Double) -> Double? { epsilon.isFinite ? epsilon : nil }
    let event = run.event
    epsilon = finite(try PLDAccountant(relation: relation).epsilon(of: event, delta: delta))
    bounds = [Bound(accountant: "the distribution of the privacy loss", epsilon: epsilon)]
    guard relation == .addOrRemoveOne else { return }
    for (conversion, words) in [
      (RDPAccountant.Conversion.improved, "Renyi divergence"),
      (.classic, "Renyi divergence, classic conversion (the moments accountant)"),
    ] {
      let (epsilon, order) = try RDPAccountant().epsilon(
        of: event, delta: delta, conversion: conversion)
      bounds.append(Bound(accountant: words, epsilon: finite(epsilon), order: finite(order)))
    }
  }

  /// As JSON text, fields in alphabetical order, ending with a line feed.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
