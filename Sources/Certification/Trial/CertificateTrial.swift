internal import NeuralNetworks
public import Robustness
public import Tensors

/// Puts certificates of one smoothed classifier to the test, on one thread.
///
/// For a claim it looks for the point of the certified ball where another class is most likely to
/// be ahead, names that class, and lets fresh draws decide between the two. A violation it reports
/// is a statement at confidence `1 - alpha` of its options about the ideal smoothed classifier,
/// whatever the search did; that there is none proves nothing.
///
/// All draws are keyed by (seed, purpose, example), so that a finding depends neither on the other
/// examples nor on threads or chunks.
public final class CertificateTrial {
  public let options: TrialOptions
  private let session: SmoothedSession
  private let seed: UInt64
  /// How much smaller than the certified ball the ball searched is.
  private static let margin = 1e-6
  /// The largest radius searched, in the units of the data: larger claims are tried within it.
  private static let largestRadius = 1e6
  /// Halvings of the way back to the image.
  private static let halvings = 7

  /// - Parameter seed: should not be one that the classifier was trained with.
  /// - Throws: ``CertificationError/parameter(name:problem:)``.
  public init(
    _ session: SmoothedSession, options: TrialOptions = .init(), seed: UInt64
  ) throws(CertificationError) {
    try options.validate()
    guard session.classifier.classCount > 1 else {
      throw .noise(problem: "a classifier with one class has no prediction that could change")
    }
    self.session = session
    self.options = options
    self.seed = seed
  }

  /// Tries the claims about one image, each by itself.
  ///
  /// - Parameters:
  ///   - image: `[1, inputShape...]`.
  ///   - example: its index, which keys the draws.
  ///   - norm: the norm of the radii; not l0, in which there are no certificates.
  /// - Returns: a finding for each claim.
  /// - Throws: `CancellationError` where the run was interrupted.
  public func examine(
    _ image: Tensor, example: Int, norm: Norm, claims: [Claim]
  ) throws -> [Finding] {
    precondition(norm != .l0, "there are no certificates in l0")
    var searches: [Int: TrialSearch] = [:]
    var known: [(claim: Claim, finding: Finding)] = []
    for claim in claims {
      precondition(claim.radius > 0, "a certified radius is positive, not \(claim.radius)")
      if known.contains(where: { $0.claim == claim }) { continue }
      let search =
        try searches[claim.label]
        ?? TrialSearch(
          session, options: options, seed: seed, image: image, example: example,
          label: claim.label)
      searches[claim.label] = search
      known.append((claim, try examine(image, example, norm, claim, search)))
    }
    return claims.compactMap { claim in known.first { $0.claim == claim }?.finding }
  }

  private func examine(
    _ image: Tensor, _ example: Int, _ norm: Norm, _ claim: Claim, _ search: TrialSearch
  ) throws -> Finding {
    let radius = Float(min(claim.radius, Self.largestRadius) * (1 - Self.margin)).nextDown
    let all = -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude
    let threat = ThreatModel(
      norm: norm, radius: max(radius, 0),
      bounds: options.clips ? session.classifier.bounds : all)
    let (point, rival) = try best(try search.points(in: threat), example, label: claim.label)
    let distance = distance(point, from: image, threat)
    precondition(distance <= claim.radius, "a point at \(distance) for \(claim.radius)")
    let votes = try judge(point, example, claim.label, rival, round: 0)
    var finding = Finding(rival: rival, distance: distance, votes: votes)
    guard votes.showRivalAhead(alpha: options.alpha) else { return finding }
    finding.violation = .init(distance: distance, votes: votes)
    var (low, high) = (0.0, 1.0)
    for round in 1...Self.halvings {
      let part = (low + high) / 2
      let nearer = Tensor(
        shape: image.shape,
        values: zip(image.values, point.values).map { origin, value in
          Float(Double(origin) + part * (Double(value) - Double(origin)))
        })
      let votes = try judge(nearer, example, claim.label, rival, round: round)
      if votes.showRivalAhead(alpha: options.alpha) {
        finding.violation = .init(
          distance: self.distance(nearer, from: image, threat), votes: votes)
        high = part
      } else {
        low = part
      }
    }
    return finding
  }

  /// The point where some rival is furthest ahead of the label, and that rival; the first of
  /// equals.
  private func best(
    _ points: [Tensor], _ example: Int, label: Int
  ) throws -> (point: Tensor, rival: Int) {
    let key = RandomKey(seed: seed, purpose: .trialSelection, example: example)
    var best: (point: Tensor, rival: Int, lead: Int)?
    for point in points {
      let counts = try session.tally(point, key: key, draws: options.selectionDraws).counts
      var rival = label == 0 ? 1 : 0
      for (other, count) in counts.enumerated() where other != label && count > counts[rival] {
        rival = other
      }
      let lead = counts[rival] - counts[label]
      if best.map({ lead > $0.lead }) ?? true { best = (point, rival, lead) }
    }
    guard let best else { preconditionFailure("a search proposes a point") }
    return (best.point, best.rival)
  }

  /// Fresh votes at a point; each round has draws of its own. They end where those that are left
  /// could not put the rival ahead any more, which changes no decision.
  private func judge(
    _ point: Tensor, _ example: Int, _ label: Int, _ rival: Int, round: Int
  ) throws -> PairVotes {
    let key = RandomKey(
      seed: seed, purpose: .trialJudgement, example: example,
      draw: round * options.judgementDraws)
    let draws = options.judgementDraws
    let tally = try session.tally(point, key: key, draws: draws) { tally in
      tally.counts[label] - tally.counts[rival] >= draws - tally.total
    }
    return PairVotes(
      label: tally.counts[label], rival: tally.counts[rival], draws: tally.total)
  }

  private func distance(_ point: Tensor, from image: Tensor, _ threat: ThreatModel) -> Double {
    image.readingRow(0) { origin in point.readingRow(0) { threat.distance($0, from: origin) } }
  }
}
