import Foundation
import NeuralNetworks
import Robustness
import TestSupport
import Testing

import Certification

/// What every certifier keeps to, over the list of all.
@Suite struct CertifierConformanceTests {
  /// Evidence that any certifier can do something with.
  static func evidence(
    for certifier: any Certifier, _ lower: Double, _ upper: Double, scale: Double = 1,
    sensitivity: Double = 1
  ) -> Evidence {
    let family = type(of: certifier).information.families[0]
    let calibration = NoiseCalibration(
      mechanism: "extended", epsilon: 4, delta: 1e-5, attackSize: 0.2)
    let release = NoiseRelease(
      family: family, scale: scale, sensitivity: sensitivity, bound: "given",
      calibration: calibration, mapSensitivity: sensitivity / 2, maps: 4)
    return Evidence(
      bounds: ClassBounds(lower: lower, upper: upper), releases: [release, release], norm: .l2,
      attackSize: 0.1)
  }

  static var all: [any Certifier] { Certifiers.all.map { $0.init() } }

  @Test func namesAreDistinctAndSayWhatDoesNotHold() {
    #expect(Set(Certifiers.names).count == Certifiers.all.count)
    for type in Certifiers.all {
      let information = type.information
      #expect(information.name.hasPrefix("as-published:") == !information.isSound)
      #expect(information.name.allSatisfy { $0.isLowercase || "-:".contains($0) })
      #expect(!information.reference.isEmpty && !information.families.isEmpty)
    }
  }

  @Test func growsWithTheGapAndNotOtherwise() throws {
    for certifier in Self.all {
      var last = 0.0
      for (lower, upper) in [(0.6, 0.4), (0.7, 0.3), (0.7, 0.2), (0.9, 0.1), (0.99, 0.01)] {
        let radius = try #require(
          try certifier.radius(Self.evidence(for: certifier, lower, upper)))
        #expect(radius >= last)
        last = radius
      }
      #expect(last > 0)
    }
  }

  @Test func saysNothingWhereTheTopClassIsNotAhead() throws {
    for certifier in Self.all {
      for (lower, upper) in [(0.5, 0.5), (0.4, 0.6), (0, 0), (0, 1)] {
        #expect(try certifier.radius(Self.evidence(for: certifier, lower, upper)) == nil)
      }
    }
  }

  @Test func isFiniteForBoundsThatSayEverything() throws {
    for certifier in Self.all {
      for (lower, upper) in [(1.0, 0.0), (0.3, 0), (1, 0.1)] {
        let radius = try certifier.radius(Self.evidence(for: certifier, lower, upper))
        #expect(try #require(radius).isFinite)
      }
    }
  }

  @Test func isInverseToTheSensitivity() throws {
    for certifier in Self.all where type(of: certifier).information.name.hasSuffix("sgd") == false {
      let one = try #require(try certifier.radius(Self.evidence(for: certifier, 0.9, 0.1)))
      let other = try #require(
        try certifier.radius(
          Self.evidence(for: certifier, 0.9, 0.1, scale: 3, sensitivity: 0.25)))
      expectClose(other, one * 12, .safeMargin)
    }
  }

  @Test func noSoundRadiusDependsOnTheAttackOrTheMaps() throws {
    for certifier in Self.all where type(of: certifier).information.isSound {
      var evidence = Self.evidence(for: certifier, 0.9, 0.1)
      let radius = try certifier.radius(evidence)
      evidence.attackSize = nil
      for index in evidence.releases.indices {
        evidence.releases[index].calibration = nil
        evidence.releases[index].mapSensitivity = nil
      }
      #expect(try certifier.radius(evidence) == radius)
    }
  }

  @Test func takesTheBestReleaseOnThePath() throws {
    for certifier in Self.all where type(of: certifier).information.isSound {
      var evidence = Self.evidence(for: certifier, 0.9, 0.1)
      let radius = try #require(try certifier.radius(evidence))
      evidence.releases[1].sensitivity = 0.5
      expectClose(try #require(try certifier.radius(evidence)), 2 * radius, .safeMargin)
    }
  }

  @Test func refusesNoiseItIsNotAbout() throws {
    for certifier in Self.all {
      let families = type(of: certifier).information.families
      for family in NoiseFamily.allCases where !families.contains(family) {
        var evidence = Self.evidence(for: certifier, 0.9, 0.1)
        for index in evidence.releases.indices { evidence.releases[index].family = family }
        #expect(throws: CertifierError.self) { try certifier.radius(evidence) }
      }
    }
  }

  @Test func survivesItsCode() throws {
    for certifier in Self.all {
      func again<C: Certifier>(_ certifier: C) throws -> any Certifier {
        try JSONDecoder().decode(C.self, from: JSONEncoder().encode(certifier))
      }
      let evidence = Self.evidence(for: certifier, 0.9, 0.1)
      #expect(try again(certifier).radius(evidence) == certifier.radius(evidence))
    }
  }

  @Test func theClassicRadiusOfUnanimousVotesInThePublishedCode() throws {
    // 2000 votes at 0.05 / 10, noise for (4, 1e-5) at 0.2: 9.3 attack sizes, whatever the size.
    let estimator = try ClassEstimator(alpha: 0.005)
    let certifier = PublishedSecureSGDCertifier()
    var evidence = Self.evidence(for: certifier, 0, 0)
    let bounds = estimator.bounds(successes: 2000, draws: 2000)
    evidence.bounds = bounds
    for attackSize in [0.01, 0.1, 5] {
      evidence.attackSize = attackSize
      let radius = try #require(try certifier.radius(evidence))
      expectClose(radius / attackSize, 9.3, Tolerance(relative: 0.01, absolute: 0))
    }
    evidence.attackSize = nil
    #expect(throws: CertifierError.self) { try certifier.radius(evidence) }
  }
}
