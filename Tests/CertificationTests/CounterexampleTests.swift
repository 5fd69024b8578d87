import Foundation
import NeuralNetworks
import Privacy
import Robustness
import TestSupport
import Tensors
import Testing

import Certification

/// Classifiers whose probabilities under noise are known exactly: the formulas as published claim
/// radii within which the prediction changes, the sound ones do not.
@Suite struct CounterexampleTests {
  /// `f(x) = 1 where x + z > 0`, z normal: the prediction changes at a shift of x.
  @Test func dividingByEpsilonTwiceClaimsTooMuch() throws {
    let x = 3.7191
    let evidence = evidence(0.9999, 0.0001)
    #expect(Normal.cumulative(x) >= 0.9999)
    let shift = 3.72
    #expect(Normal.cumulative(x - shift) < 0.5)
    #expect(try #require(try PublishedHGMPixelDPCertifier().radius(evidence)) > shift)
    for certifier in [
      GaussianCertifier() as any Certifier, AGMCertifier(), HGMPixelDPCertifier(),
      PixelDPCertifier(), SmoothingCertifier(),
    ] {
      #expect(try #require(try certifier.radius(evidence)) <= x)
    }
  }

  /// The mean of C equal feature maps x + z_c: it has the standard deviation 1 / sqrt C, and the
  /// prediction changes at a shift of x.
  @Test func oneFeatureMapIsNotAllOfThem() throws {
    let x = 0.5
    let maps = 32
    let root = Double(maps).squareRoot()
    let top = Normal.cumulative(x * root)
    let evidence = Evidence(
      bounds: ClassBounds(lower: top, upper: Normal.upperTail(x * root)),
      releases: [
        NoiseRelease(
          node: "conv1", family: .gaussian, scale: 1, sensitivity: root, bound: "given",
          mapSensitivity: 1, maps: maps)
      ], norm: .l2)
    let claimed = try #require(try PublishedPerFeatureMapCertifier().radius(evidence))
    #expect(claimed > x && Normal.cumulative((x - claimed) * root) < 0.5)
    // The exact radius is x; no other sound one is larger.
    let tight = try #require(try GaussianCertifier().radius(evidence))
    #expect(tight <= x)
    expectClose(tight, x, .safeMargin)
    for certifier in [AGMCertifier() as any Certifier, HGMPixelDPCertifier(), PixelDPCertifier()] {
      #expect(try #require(try certifier.radius(evidence)) <= x)
    }
  }

  /// The probability that the sum of two independent Laplace variables of scale 1 exceeds t.
  func upperTailOfTwo(_ t: Double) -> Double {
    t >= 0 ? exp(-t) * (1 + t / 2) / 2 : 1 - upperTailOfTwo(-t)
  }

  /// Identity layer, Laplace noise of scale 1 in front of it and behind it; class A votes where the
  /// sum Z of input and noise exceeds 2, class B with probability 0.1326 where it is below -2, and
  /// 50 classes share the rest.
  @Test func radiiOfTwoNoisesDoNotAdd() throws {
    func scores(at x: Double) -> (a: Double, b: Double, rest: Double) {
      let a = upperTailOfTwo(2 - x)
      let b = 0.1326 * upperTailOfTwo(2 + x)
      return (a, b, (1 - a - b) / 50)
    }
    let clean = scores(at: 0)
    let release = NoiseRelease(family: .laplace, scale: 1, sensitivity: 1, bound: "given")
    let evidence = Evidence(
      bounds: ClassBounds(lower: clean.a, upper: max(clean.b, clean.rest)),
      releases: [release, release], norm: .l1)
    let shifted = scores(at: -2)
    #expect(shifted.b > shifted.a)
    #expect(try #require(try PublishedStoBatchCertifier().radius(evidence)) > 2)
    let sound = try #require(try StoBatchCertifier().radius(evidence))
    #expect(sound < 2)
    for step in -100...100 {
      let score = scores(at: sound * Double(step) / 100)
      #expect(score.a > score.b && score.a > score.rest)
    }
  }

  /// Ten thousand linear classifiers under noise on the input: the exact radius is the margin over
  /// the length of the weights, and a larger one is certified at most as often as alpha.
  @Test func linearClassifiersAreOverCertifiedAtMostAsOftenAsAlpha() throws {
    let alpha = 0.05
    let estimator = try ClassEstimator(alpha: alpha)
    let (runs, draws, inputs) = (10_000, 100, 3)
    var wrong = 0
    var certified = 0
    for run in 0..<runs {
      let weights = RandomKey(seed: 1, purpose: .test, example: run).normals(inputs).map(
        Double.init)
      let length = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let sigma = 0.25 + 0.25 * Double(run % 4)
      // Exact radii from 0 to 2 sigma.
      let radius = sigma * 2 * Double(run % 101) / 100
      let noise = RandomKey(seed: 1, purpose: .test, example: run, draw: 1).normals(draws * inputs)
      let successes = (0..<draws).count { draw in
        var value = radius * length
        for input in 0..<inputs {
          value += weights[input] * sigma * Double(noise[draw * inputs + input])
        }
        return value > 0
      }
      let evidence = Evidence(
        bounds: estimator.bounds(successes: successes, draws: draws),
        releases: [
          NoiseRelease(family: .gaussian, scale: sigma, sensitivity: 1, bound: "identity")
        ], norm: .l2)
      if let claim = try SmoothingCertifier().radius(evidence) {
        certified += 1
        if claim > radius { wrong += 1 }
      }
    }
    let mean = alpha * Double(runs)
    #expect(Double(wrong) <= mean + 4 * (mean * (1 - alpha)).squareRoot(), "\(wrong) wrong")
    #expect(wrong > 0 && certified > runs / 2)
  }
}
