public import Evaluation
internal import Robustness

extension EvaluationResult {
  /// The result as a page of plain text: what was evaluated, clean accuracy, a table with one row
  /// for each attack and size, the worst case, and what to be careful about.
  public var text: String {
    var lines: [String] = []
    lines.append("model  \(model.path)  (\(model.format), sha256 \(model.sha256.prefix(12)))")
    for note in model.notes ?? [] { lines.append("       \(note)") }
    lines.append(
      "data   \(data.path)  (\(data.split), \(data.count) examples from index \(data.first), "
        + "values \(rangeText))")
    lines.append("seed   \(seed)")
    if let privacy { lines.append("privacy of the training data: \(privacy.text)") }
    lines.append("")
    lines.append(
      "clean accuracy  \(percent(clean.accuracy))  (95 % interval \(percent(clean.interval)), "
        + "\(clean.correct) of \(clean.examples))")
    if !attacks.isEmpty { lines += [""] + table }
    if let smoothing { lines += [""] + smoothing.lines + certificates }
    if !warnings.isEmpty { lines += [""] + warnings.map { "warning: \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The range of the data, `0 to 1`.
  var rangeText: String { data.range.map(short).joined(separator: " to ") }

  private var table: [String] {
    var table = TextTable([
      ("attack", .left), ("norm", .left), ("epsilon", .right), ("accuracy", .right),
      ("95 % interval", .right), ("correct", .right), ("fooled", .right), ("at 8 bit", .right),
      ("median linf", .right), ("median l2", .right), ("gradients", .right), ("time", .right),
    ])
    var previous: AttackResult?
    for attack in attacks {
      // Counts of one call that served several sizes stand once.
      let isFirst = previous.map { $0.name != attack.name || $0.norm != attack.norm } ?? true
      previous = attack
      table.append([
        title(attack), attack.norm.rawValue, size(attack.epsilon, attack.epsilonText),
        percent(attack.accuracy), percent(attack.interval), "\(attack.correct)",
        "\(attack.successes)/\(attack.attacked)", attack.successesAt8Bit.map { "\($0)" } ?? "",
        attack.distances["linf"].map { short($0.median) } ?? "-",
        attack.distances["l2"].map { short($0.median) } ?? "-",
        isFirst ? grouped(attack.gradients) : "", isFirst ? duration(attack.seconds) : "",
      ])
    }
    if Set(attacks.map(\.name)).count > 1 {
      for worst in worstCase {
        table.append([
          "worst case", worst.norm.rawValue, size(worst.epsilon, worst.epsilonText),
          percent(worst.accuracy), percent(worst.interval), "\(worst.correct)", "", "", "", "", "",
          "",
        ])
      }
    }
    let lines = table.lines
    return lines + [
      "",
      "epsilon is in the units of the data, \(rangeText); accuracy is over all "
        + "\(clean.examples) examples",
      "fooled: recorded images that meet the goal, of the examples "
        + "attacked; time: of one thread, all sizes",
    ]
  }

  /// The name with what differs from the usual.
  private func title(_ attack: AttackResult) -> String {
    var parts = [attack.name]
    if attack.target != "untargeted" { parts.append("to \(attack.target)") }
    if attack.label == .predicted { parts.append("predicted label") }
    if attack.iterate == .last { parts.append("last iterate") }
    return parts.joined(separator: ", ")
  }
}
