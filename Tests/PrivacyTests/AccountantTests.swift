import Foundation
import TestSupport
import Testing

import Privacy

@Suite struct AccountantTests {
  /// The orders that the published figures are for.
  static let whole = RDPAccountant(orders: (2...256).map(Double.init))

  static func training(_ q: Double, _ sigma: Double, _ steps: Int) -> PrivacyEvent {
    .selfComposed(.poissonSampledGaussian(rate: q, noiseMultiplier: sigma), count: steps)
  }

  /// A well-known run: 1.26 by the moments accountant.
  @Test func agreesOnTheAnchor() throws {
    let run = Self.training(0.01, 4, 10_000)
    let rough = Tolerance(relative: 1e-4, absolute: 0)
    expectClose(
      try Self.whole.epsilon(of: run, delta: 1e-5, conversion: .classic).epsilon, 1.2586, rough)
    expectClose(try Self.whole.epsilon(of: run, delta: 1e-5).epsilon, 1.0355, rough)
    expectClose(
      try PLDAccountant().epsilon(of: run, delta: 1e-5), 0.9470,
      Tolerance(relative: 1e-3, absolute: 0))
  }

  struct References: Decodable {
    struct Point: Decodable {
      var q, sigma, delta: Double
      var steps: Int
      var rdp_order_2_8_32_256: [String: Double]
      var eps_moments_accountant_lambda_le_64: Double
      var eps_rdp_classic_int_2_256, eps_rdp_improved_int_2_256: Double
      var opacus_rdp_orders_1_1_to_256: Double?
      var exact_eps_gaussian_composition: Double?
      var prv_accountant_lower_est_upper: [Double]?

      enum CodingKeys: String, CodingKey {
        case q, sigma, delta, steps, rdp_order_2_8_32_256, eps_moments_accountant_lambda_le_64
        case eps_rdp_classic_int_2_256, eps_rdp_improved_int_2_256
        case opacus_rdp_orders_1_1_to_256 = "opacus_rdp_orders_1.1_to_256"
        case exact_eps_gaussian_composition
        case prv_accountant_lower_est_upper
      }
    }
    var rdp_accounting: [Point]
  }

  @Test(.enabled(if: Shared.exists, Shared.hint)) func agreesWithIndependentFigures() throws {
    let vectors = try JSONDecoder().decode(
      References.self, from: Data(contentsOf: Shared.url("vectors/mechanisms.json")))
    for point in vectors.rdp_accounting {
      let step = Self.training(point.q, point.sigma, 1)
      for (order, divergence) in point.rdp_order_2_8_32_256 {
        let order = try #require(Double(order))
        let leaf = try #require(step.leaves.first).event
        expectClose(RDPAccountant.divergence(of: leaf, order: order), divergence, .reference)
      }
      let run = Self.training(point.q, point.sigma, point.steps)
      func rdp(_ orders: ClosedRange<Int>, _ conversion: RDPAccountant.Conversion) throws -> Double
      {
        try RDPAccountant(orders: orders.map(Double.init))
          .epsilon(of: run, delta: point.delta, conversion: conversion).epsilon
      }
      expectClose(
        try rdp(2...65, .classic), point.eps_moments_accountant_lambda_le_64, .reference)
      expectClose(try rdp(2...256, .classic), point.eps_rdp_classic_int_2_256, .reference)
      expectClose(try rdp(2...256, .improved), point.eps_rdp_improved_int_2_256, .reference)
      if let opacus = point.opacus_rdp_orders_1_1_to_256 {
        let orders =
          (11...109).map { Double($0) / 10 } + (12...256).map(Double.init)
        let epsilon = try RDPAccountant(orders: orders).epsilon(of: run, delta: point.delta)
        expectClose(epsilon.epsilon, opacus, .reference)
      }
      let pld = try PLDAccountant().epsilon(of: run, delta: point.delta)
      if let exact = point.exact_eps_gaussian_composition {
        #expect(pld >= exact * (1 - 1e-12))
        expectClose(pld, exact, .reference)
      } else {
        // A peer's estimate, which it says is good to 0.005, and its bounds.
        if let bounds = point.prv_accountant_lower_est_upper {
          #expect(pld >= bounds[0] && pld <= bounds[2])
          expectClose(pld, bounds[1], Tolerance(relative: 1e-3, absolute: 1e-4))
        }
      }
    }
  }

  struct Composition: Decodable {
    var rate, sigma, delta, addOrRemove, replace: Double
    var steps: Int
  }

  /// Against characteristic functions, without any grid of losses: never below, and above by less
  /// than a ten-thousandth.
  @Test func boundsCompositionsFromAbove() throws {
    let points = try JSONDecoder().decode(
      [Composition].self, from: Data(contentsOf: Fixtures.url("privacy/accounting.json")))
    for point in points {
      let run = Self.training(point.rate, point.sigma, point.steps)
      for (relation, exact) in [
        (NeighbouringRelation.addOrRemoveOne, point.addOrRemove), (.replaceOne, point.replace),
      ] {
        let epsilon = try PLDAccountant(relation: relation).epsilon(of: run, delta: point.delta)
        // The references are good to 1e-6.
        #expect(epsilon >= exact * (1 - 1e-6))
        expectClose(epsilon, exact, Tolerance(relative: 1e-4, absolute: 0))
      }
    }
  }

  /// A single step, where delta is an explicit function of epsilon: the answer is above the exact
  /// one, by no more than the grid.
  @Test(arguments: [0.01, 0.3, 0.9], [0.6, 1, 3])
  func boundsASingleStepFromAbove(rate: Double, sigma: Double) throws {
    func exact(_ epsilon: Double) -> Double {
      // Remove: P > e^epsilon Q right of x; add: the other way round left of x.
      let remove: Double = {
        let x = sigma * sigma * log((exp(epsilon) - 1 + rate) / rate) + 0.5
        return (1 - rate - exp(epsilon)) * Normal.upperTail(x / sigma)
          + rate * Normal.upperTail((x - 1) / sigma)
      }()
      let add: Double = {
        let inner = exp(-epsilon) - 1 + rate
        guard inner > 0 else { return 0 }
        let x = sigma * sigma * log(inner / rate) + 0.5
        return (1 - exp(epsilon) * (1 - rate)) * Normal.cumulative(x / sigma)
          - exp(epsilon) * rate * Normal.cumulative((x - 1) / sigma)
      }()
      return max(remove, add)
    }
    for delta in [1e-3, 1e-6] {
      let epsilon = try PLDAccountant().epsilon(of: Self.training(rate, sigma, 1), delta: delta)
      if epsilon == 0 {
        #expect(exact(0) <= delta * (1 + 1e-9))
      } else {
        #expect(exact(epsilon) <= delta * (1 + 1e-9))
        #expect(exact(epsilon * 0.999 - 1e-4) > delta)
      }
    }
  }

  /// Replacing a record costs more than adding one, and at most what adding and removing cost
  /// together.
  @Test func replacingARecordCostsMoreThanAddingOne() throws {
    for (rate, sigma, steps) in [(0.01, 1.0, 1000), (0.2, 2.0, 20), (1.0, 5.0, 10)] {
      let run = Self.training(rate, sigma, steps)
      let one = try PLDAccountant().epsilon(of: run, delta: 1e-5)
      let replaced = try PLDAccountant(relation: .replaceOne).epsilon(of: run, delta: 1e-5)
      let twice = try PLDAccountant().epsilon(of: run, delta: 1e-5 / (1 + exp(one)))
      #expect(replaced > one)
      #expect(replaced <= 2 * twice)
    }
  }

  /// Runs of hardly any noise, or of very rare examples: never below what one step costs exactly.
  @Test(arguments: [(0.5, 0.001), (0.5, 0.01), (0.5, 0.03), (0.5, 0.05), (0.9, 0.04), (1e-6, 0.5)])
  func staysAboveTheExactCostOfExtremes(rate: Double, sigma: Double) throws {
    for relation in NeighbouringRelation.allCases {
      for steps in [1, 3] {
        let run = Self.training(rate, sigma, steps)
        let epsilon = try PLDAccountant(relation: relation).epsilon(of: run, delta: 1e-7)
        // Delta is at least P(X > x) - e^epsilon Q(X > x) for every x.
        let x = min(epsilon, 700) * sigma * sigma + 0.5
        func upper(_ mean: Double) -> Double { Normal.upperTail((x - mean) / sigma) }
        let mixed = relation == .replaceOne ? (1 - rate) * upper(0) + rate * upper(-1) : upper(0)
        let delta = (1 - rate) * upper(0) + rate * upper(1) - exp(min(epsilon, 700)) * mixed
        #expect(!epsilon.isNaN && !(epsilon < 700 && delta > 1e-7))
        if rate == 0.5 && sigma <= 0.05 { #expect(epsilon > 100) }
      }
    }
  }

  @Test func theGridAgreesWithTheExactGaussianComposition() throws {
    // A rate next to 1 goes through the grid; with a rate of 1 the composition is one Gaussian.
    let exact = try PLDAccountant().epsilon(of: Self.training(1, 5, 100), delta: 1e-6)
    let grid = try PLDAccountant().epsilon(of: Self.training(1 - 1e-12, 5, 100), delta: 1e-6)
    #expect(grid >= exact * (1 - 1e-9))
    expectClose(grid, exact, Tolerance(relative: 1e-3, absolute: 0))
    let mirrored = PLDAccountant(relation: .replaceOne)
    let double = try mirrored.epsilon(of: Self.training(1, 10, 100), delta: 1e-6)
    expectClose(double, exact, .reference)
    let gridDouble = try mirrored.epsilon(of: Self.training(1 - 1e-12, 10, 100), delta: 1e-6)
    #expect(gridDouble >= exact * (1 - 1e-9))
    expectClose(gridDouble, exact, Tolerance(relative: 1e-3, absolute: 0))
  }

  @Test func laplaceNoiseCostsItsEpsilonAndComposes() throws {
    // At delta next to 0 one event costs 1/b; with delta it costs less: 1 - e^((epsilon - 1/b)/2).
    let event = PrivacyEvent.laplace(noiseMultiplier: 2)
    let delta = 0.01
    let exact = 0.5 + 2 * log(1 - delta)
    let epsilon = try PLDAccountant().epsilon(of: event, delta: delta)
    #expect(epsilon >= exact && epsilon <= 0.5 + 1e-9)
    expectClose(epsilon, exact, Tolerance(relative: 2e-3, absolute: 0))
    let ten = try PLDAccountant().epsilon(of: .selfComposed(event, count: 10), delta: 1e-6)
    let renyi = try RDPAccountant().epsilon(of: .selfComposed(event, count: 10), delta: 1e-6)
    #expect(ten <= 5 && ten <= renyi.epsilon && ten > 0.5 * renyi.epsilon)
  }

  @Test func mixedRunsCostBetweenTheirParts() throws {
    let one = Self.training(0.02, 1.2, 300)
    let other = Self.training(0.05, 2, 100)
    let both = PrivacyEvent.composed([one, other, .laplace(noiseMultiplier: 20)])
    let epsilon = try PLDAccountant().epsilon(of: both, delta: 1e-5)
    let renyi = try RDPAccountant().epsilon(of: both, delta: 1e-5).epsilon
    let first = try PLDAccountant().epsilon(of: one, delta: 1e-5)
    #expect(epsilon > first && epsilon < renyi)
  }

  @Test func findsTheNoiseOnTheSafeSide() throws {
    func cost(_ sigma: Double) throws(PrivacyError) -> Double {
      try RDPAccountant().epsilon(of: Self.training(0.01, sigma, 1000), delta: 1e-5).epsilon
    }
    let sigma = try NoiseCalibrator.noiseMultiplier(epsilon: 2, cost: cost)
    #expect(try cost(sigma) <= 2)
    #expect(try cost(sigma / 1.0002) > 2)
    #expect(throws: PrivacyError.self) {
      try NoiseCalibrator.noiseMultiplier(epsilon: 1) { _ throws(PrivacyError) in .infinity }
    }
  }

  @Test func nothingIsFreeOnlyWhereNothingHappened() throws {
    let accountant = PLDAccountant()
    #expect(try accountant.epsilon(of: .composed([]), delta: 1e-5) == 0)
    #expect(try accountant.epsilon(of: .nonPrivate, delta: 1e-5) == .infinity)
    let both = PrivacyEvent.composed([.nonPrivate, .gaussian(noiseMultiplier: 1)])
    #expect(try RDPAccountant().epsilon(of: both, delta: 1e-5).epsilon == .infinity)
    #expect(
      throws: PrivacyError.parameter(
        name: "sampling rate", value: 2, expected: "a number in [0, 1]")
    ) {
      try accountant.epsilon(of: Self.training(2, 1, 1), delta: 1e-5)
    }
  }

  @Test func readsAndWritesOpacusHistories() throws {
    let text = #"{"history": [[1.1, 0.004, 100], [2.0, 0.01, 5]], "mechanism": "prv"}"#
    let history = try JSONDecoder().decode(AccountantHistory.self, from: Data(text.utf8))
    #expect(history.mechanism == "prv")
    #expect(history.history[1].steps == 5)
    let list = try JSONDecoder().decode(
      AccountantHistory.self, from: Data("[[1.1, 0.004, 100]]".utf8))
    #expect(list.event == .composed([Self.training(0.004, 1.1, 100)]))
    let again = try JSONDecoder().decode(
      AccountantHistory.self, from: JSONEncoder().encode(history))
    #expect(again == history)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(AccountantHistory.self, from: Data("[[1.1, 0.004]]".utf8))
    }
  }

  @Test func eventsSurviveTheirCode() throws {
    let event = PrivacyEvent.composed([
      Self.training(0.01, 1, 10), .laplace(noiseMultiplier: 3), .nonPrivate,
    ])
    let code = try JSONEncoder().encode(event)
    #expect(try JSONDecoder().decode(PrivacyEvent.self, from: code) == event)
  }

  /// Randomised response three times, by hand: with p = 1/(1 + e^-1) the losses are 3, 1, -1, -3
  /// with probabilities p^3, 3 p^2 (1-p), ...; delta(2) is `p^3 (1 - e^-1)`, since only 3 exceeds
  /// 2. No delta covers a loss of thousands that is nearly certain.
  @Test(arguments: [PrivacyEvent.pure(epsilon: 3333), .laplace(noiseMultiplier: 3e-4)])
  func lossesTooLargeToFollowAreInfinite(_ event: PrivacyEvent) throws {
    for event in [event, .selfComposed(event, count: 3), .composed([event, .pure(epsilon: 1)])] {
      #expect(try PLDAccountant().epsilon(of: event, delta: 1e-5) == .infinity)
    }
  }

  @Test func pureEventsComposeLikeRandomizedResponse() throws {
    let event = PrivacyEvent.selfComposed(.pure(epsilon: 1), count: 3)
    let p = 1 / (1 + exp(-1.0))
    let delta = p * p * p * (1 - exp(-1))
    for relation in NeighbouringRelation.allCases {
      let epsilon = try PLDAccountant(relation: relation).epsilon(of: event, delta: delta)
      #expect(epsilon >= 2 && epsilon <= 2.02, "\(relation): \(epsilon)")
    }
    #expect(event.pureEpsilon == 3)
    #expect(PrivacyEvent.composed([event, .gaussian(noiseMultiplier: 1)]).pureEpsilon == nil)
    // ln((p^2/(1-p) + (1-p)^2/p)) at order 2.
    let divergence = RDPAccountant.divergence(of: .pure(epsilon: 1), order: 2)
    expectClose(
      divergence, log(p * p / (1 - p) + (1 - p) * (1 - p) / p),
      Tolerance(relative: 1e-12, absolute: 0))
    // Never more than the epsilon itself, to which it tends.
    #expect(RDPAccountant.divergence(of: .pure(epsilon: 1), order: 1e4) <= 1)
    let moments = try RDPAccountant().epsilon(of: event, delta: delta).epsilon
    let distribution = try PLDAccountant().epsilon(of: event, delta: delta)
    #expect(moments >= distribution)
  }
}
