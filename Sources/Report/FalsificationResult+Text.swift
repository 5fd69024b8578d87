public import Certification
public import Evaluation
internal import Foundation
internal import Robustness

extension FalsificationResult {
  /// The document as JSON text, fields in alphabetical order, ending with a line feed.
  ///
  /// - Throws: `EncodingError` for a number that is not finite; there is none in a result of a run.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// The table for people, ending with a line feed.
  ///
  /// - Parameter limit: how many broken certificates are listed for each certifier.
  public func text(listing limit: Int = 5) -> String {
    var table = TextTable([
      ("certifier", .left), ("", .left), ("certified", .right), ("largest radius", .right),
      ("broken", .right), ("95 % interval", .right), ("by chance", .right), ("verdict", .left),
    ])
    for certifier in certifiers {
      table.append([
        certifier.name, certifier.sound ? "" : "UNSOUND", "\(certifier.certified)",
        certifier.largestRadius.map { short($0) } ?? "", "\(certifier.violations)",
        percent(certifier.interval[0]...certifier.interval[1]), short(certifier.chance),
        certifier.verdict,
      ])
    }
    var lines = [
      "\(grouped(examples)) examples, \(norm.rawValue); certificates from \(grouped(draws)) draws "
        + "after \(grouped(selectionDraws)) to select, alpha \(short(alpha)); points judged by "
        + "\(grouped(trial.judgementDraws)) fresh draws at \(short(trial.alpha))", "",
    ]
    lines += table.lines
    for certifier in certifiers where !certifier.broken.isEmpty {
      lines += ["", "\(certifier.name):"] + certifier.broken.prefix(limit).map(\.line)
      let more = certifier.broken.count - limit
      if more > 0 { lines.append("  and \(grouped(more)) more") }
    }
    lines += [
      "",
      "broken: another class has more votes at a point within the certified radius, by a test at the "
        + "trial's alpha; none broken proves nothing",
      "by chance: the probability of so many where each certificate fails with probability alpha",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}

extension FalsificationResult.CertifierSummary {
  fileprivate var verdict: String {
    switch (violations > 0, refuted) {
    case (_, true): sound ? "BROKEN, THOUGH A THEOREM" : "refuted"
    case (true, false): "as often as chance allows"
    case (false, false): certified == 0 ? "nothing to try" : "stands"
    }
  }
}

extension FalsificationResult.BrokenCertificate {
  fileprivate var line: String {
    "  example \(example): class \(label) within \(short(radius)), but at \(short(flipsAt)) class "
      + "\(rival) has \(grouped(flipVotes.rival)) votes to \(grouped(flipVotes.label)) of "
      + grouped(flipVotes.draws)
      + "; at \(short(judgedAt)) \(grouped(votes.rival)) to \(grouped(votes.label))"
  }
}

extension [Counterexample.Outcome] {
  /// The table for people: what each certifier claims of one counterexample.
  public var text: String {
    var table = TextTable([
      ("  certifier", .left), ("", .left), ("claims", .right), ("changes at", .right),
      ("caught at", .right), ("votes", .left),
    ])
    for outcome in self {
      let violation = outcome.finding.violation
      table.append([
        "  " + outcome.certifier, outcome.isSound ? "" : "UNSOUND", short(outcome.radius),
        short(outcome.flip), violation.map { short($0.distance) } ?? "-",
        violation.map {
          "\(grouped($0.votes.rival)) to \(grouped($0.votes.label)) of \(grouped($0.votes.draws))"
        } ?? "",
      ])
    }
    return table.lines.joined(separator: "\n") + "\n"
  }
}
