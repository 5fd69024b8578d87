import Gauntlet

/// A model with the noise that was asked for, and what must be said of it.
struct NoisyModel {
  var network: Network
  /// By noise node.
  var calibrations: [String: NoiseCalibration] = [:]
  var caveats: [String] = []

  /// Examples that `r=relevance` reads.
  private static let relevanceExamples = 1000

  /// - Throws: `CertificationError`, `UsageError`.
  init(
    _ network: Network, adding noises: [NoiseArgument], dataset: Dataset, seed: UInt64,
    threads: Int
  ) throws {
    self.network = network
    for noise in noises {
      let shares = try Self.shares(
        noise, in: self.network, dataset: dataset, seed: seed, threads: threads)
      let before = Set(self.network.noises.map(\.node))
      let (noisy, calibration) = try self.network.adding(
        noise.request, redistribution: shares)
      self.network = noisy
      if let calibration, let node = noisy.noises.map(\.node).first(where: { !before.contains($0) })
      {
        calibrations[node] = calibration
      }
      if let caveat = shares?.record.caveat { caveats.append(caveat) }
    }
  }

  private static func shares(
    _ noise: NoiseArgument, in network: Network, dataset: Dataset, seed: UInt64, threads: Int
  ) throws -> Redistribution? {
    guard let choice = noise.redistribution, choice != "uniform" else { return nil }
    let value = try noise.request.value(in: network)
    let count = network.shapes[value].elementCount
    switch choice {
    case "weights":
      let norm: Norm =
        if case .calibrated(_, _, _, _, let norm) = noise.request.strength { norm } else { .linf }
      return try .weights(
        LinearMap(prefixOf: network, upTo: value), from: norm, for: noise.request.family)
    case "random": return try .random(count: count, seed: seed)
    case "relevance":
      let examples = 0..<min(relevanceExamples, dataset.count)
      return try .relevance(
        in: network, at: value, images: dataset.images(examples),
        labels: Array(dataset.labels[examples]), threads: threads)
    default: return try .read(choice, count: count)
    }
  }

  /// Makes sure, before a long run, that a certifier is about this noise and norm.
  private static func check(
    _ certifier: any Certifier, _ releases: [NoiseRelease], _ norm: Norm
  ) throws(UsageError) {
    do throws(CertifierError) {
      _ = try certifier.radius(
        Evidence(
          bounds: ClassBounds(lower: 0.9, upper: 0.1), releases: releases, norm: norm,
          attackSize: 1))
    } catch {
      throw UsageError("certifier '\(type(of: certifier).information.name)' \(error)")
    }
  }

  /// The subject of an evaluation.
  ///
  /// - Parameter norms: those that certificates are asked in.
  /// - Throws: `UsageError`, `CertificationError`, and what the subject throws.
  func subject(
    _ smoothing: SmoothingArguments, norms: Set<Norm>, bounds: ClosedRange<Float>, chunk: Int?
  ) throws -> any Subject {
    guard !network.noises.isEmpty else {
      guard smoothing.certifiers.isEmpty else {
        throw UsageError(
          "--certify needs noise in the model: one trained with it, or --noise")
      }
      return Classifier(network, bounds: bounds, chunk: chunk)
    }
    let certifiers = try smoothing.chosen()
    var releases: [Norm: [NoiseRelease]] = [:]
    for norm in certifiers.isEmpty ? [] : norms {
      let found = try network.noiseReleases(in: norm, calibrations: calibrations)
      releases[norm] = found
      for certifier in certifiers { try Self.check(certifier, found, norm) }
    }
    return try SmoothedSubject(
      SmoothedClassifier(network, bounds: bounds, chunk: chunk), options: smoothing.options,
      certification: CertificationPlan(
        certifiers: certifiers, releases: releases, isSequential: smoothing.sequential))
  }
}

extension SmoothedSubject {
  /// What can be certified at most, and what the sizes asked need at least, as sentences.
  ///
  /// - Throws: `CertifierError` where a certifier is not about this noise or norm.
  func reach(_ questions: [CertificateQuestion]) throws -> [String] {
    let estimator = try ClassEstimator(alpha: options.alpha)
    return try certification.certifiers.flatMap { certifier in
      let name = type(of: certifier).information.name
      return try Norm.allCases.filter { norm in questions.contains { $0.norm == norm } }.map {
        norm in
        let asked = questions.filter { $0.norm == norm }.map(\.size).sorted()
        let planning = Planning(
          certifier: certifier, releases: certification.releases[norm] ?? [], norm: norm,
          attackSize: asked.last, inequality: options.estimate.inequality)
        let reach = try planning.reachableRadius(draws: options.draws, estimator: estimator)
        let needs = try asked.map { size in
          let draws = try planning.leastDraws(radius: size, estimator: estimator)
          return "\(short(size)) needs "
            + (draws.map { "\(grouped($0)) draws" } ?? "more than 10 000 000 draws")
        }
        return "\(name), \(norm.rawValue): at most "
          + "\(reach.map { short($0) } ?? "nothing") from \(grouped(options.draws)) draws; "
          + needs.joined(separator: ", ")
      }
    }
  }
}
