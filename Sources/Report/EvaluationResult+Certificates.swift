internal import Evaluation
internal import NeuralNetworks
internal import Robustness

extension EvaluationResult {
  /// The table of certified accuracy: a row for the clean images and for each attack's at each
  /// size, a column for each certifier; nothing where none was asked.
  var certificates: [String] {
    let all = (clean.certified ?? []) + attacks.flatMap { $0.certificates ?? [] }
    var names: [String] = []
    for value in all where !names.contains(value.name) { names.append(value.name) }
    guard !names.isEmpty else { return [] }
    let unsound = Set(all.filter { !$0.sound }.map(\.name))
    var table = TextTable(
      [("certified on", .left), ("norm", .left), ("size", .right), ("by vote", .right)]
        + names.map { (unsound.contains($0) ? "\($0) UNSOUND" : $0, .right) })
    func append(_ title: String, _ accuracy: Double, _ values: [Certified]) {
      var order: [(norm: Norm, size: Double)] = []
      for value in values where !order.contains(where: { $0 == (value.norm, value.size) }) {
        order.append((value.norm, value.size))
      }
      for (norm, size) in order {
        let cells = names.map { name in
          values.first { $0.name == name && $0.norm == norm && $0.size == size }
            .map { percent($0.accuracy) } ?? ""
        }
        table.append([title, norm.rawValue, short(size), percent(accuracy)] + cells)
      }
    }
    append("clean", clean.accuracy, clean.certified ?? [])
    for attack in attacks { append(attack.name, attack.accuracy, attack.certificates ?? []) }
    var lines = table.lines
    lines += [
      "", "certified: the true label is proved to stay within the size around the image named",
    ]
    if !unsound.isEmpty {
      lines.append(
        "UNSOUND: a formula as it was published, for comparison; it does not hold, and these are no "
          + "certificates")
    }
    return [""] + lines
  }
}

extension EvaluationResult.SmoothingDescription {
  /// Where the noise is and how it was asked.
  var lines: [String] {
    var lines = [
      "noise  \(estimator) estimate, at most \(grouped(draws)) draws after \(selectionDraws) to select, "
        + "alpha \(short(alpha)); attacked through \(gradient); \(grouped(drawsMade)) draws made"
    ]
    for (norm, releases) in releases.sorted(by: { $0.key < $1.key }) {
      for release in releases {
        let place = release.node.map { "behind '\($0)'" } ?? "at the input"
        lines.append(
          "       \(release.family.rawValue) \(short(release.scale)) \(place), sensitivity "
            + "\(short(release.sensitivity)) to \(norm) (\(release.bound))")
      }
    }
    lines += caveats.map { "       caution: \($0)" }
    return lines
  }
}
