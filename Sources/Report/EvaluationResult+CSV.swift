public import Evaluation
internal import Foundation
internal import Robustness

extension EvaluationResult {
  /// The result as comma-separated values (RFC 4180): a row of names, then a row for clean
  /// accuracy, one for each attack and size, one for each certifier and size on the images before
  /// it, and one for each worst case, told apart by the column `kind`.
  ///
  /// Every row says which model, data and seed it belongs to, so files can be joined. A cell
  /// without meaning in its row is empty.
  public var csv: String {
    var rows = [Self.columns]
    let tail = [
      model.path, model.sha256, data.path, data.sha256, data.split, "\(data.first)",
      rangeText, "\(seed)", tool.version, privacy?.method ?? "",
      privacy.map { $0.epsilonText($0.epsilon) } ?? "", privacy.map { "\($0.delta)" } ?? "",
      privacy.map { $0.epsilonText($0.auditedEpsilon) } ?? "",
    ]
    func row(_ cells: [String: String]) -> [String] {
      Self.columns.dropLast(tail.count).map { cells[$0] ?? "" } + tail
    }
    func counts(
      _ kind: String, _ examples: Int, _ correct: Int, _ accuracy: Double,
      _ interval: ClosedRange<Double>
    ) -> [String: String] {
      [
        "kind": kind, "examples": "\(examples)", "correct": "\(correct)",
        "accuracy": "\(accuracy)", "accuracy_low": "\(interval.lowerBound)",
        "accuracy_high": "\(interval.upperBound)",
      ]
    }
    func certified(
      _ certified: Certified, attack: AttackResult? = nil
    ) -> [String: String] {
      var cells = counts(
        "certified", clean.examples, certified.count, certified.accuracy, certified.interval)
      cells["attack"] = attack?.name
      cells["norm"] = certified.norm.rawValue
      cells["epsilon"] = "\(certified.size)"
      cells["certifier"] = certified.name
      cells["sound"] = certified.sound ? "true" : "UNSOUND"
      cells["robust_utility"] = "\(certified.utility)"
      cells["robust_precision"] = certified.precision.map { "\($0)" }
      return cells
    }
    rows.append(
      row(counts("clean", clean.examples, clean.correct, clean.accuracy, clean.interval)))
    for value in clean.certified ?? [] { rows.append(row(certified(value))) }
    for attack in attacks {
      var cells = counts(
        "attack", attack.examples, attack.correct, attack.accuracy, attack.interval)
      cells["attack"] = attack.name
      cells["parameters"] = attack.parameterText
      cells["norm"] = attack.norm.rawValue
      cells["epsilon"] = "\(attack.epsilon)"
      cells["epsilon_text"] = attack.epsilonText
      cells["label"] = attack.label.rawValue
      cells["target"] = attack.target
      cells["iterate"] = attack.iterate.rawValue
      cells["attacked"] = "\(attack.attacked)"
      cells["successes"] = "\(attack.successes)"
      cells["successes_8bit"] = attack.successesAt8Bit.map { "\($0)" }
      for (norm, spread) in attack.distances {
        cells["mean_\(norm)"] = "\(spread.mean)"
        cells["median_\(norm)"] = "\(spread.median)"
      }
      cells["sizes_in_call"] = "\(attack.sizesInCall)"
      cells["forwards"] = "\(attack.forwards)"
      cells["gradients"] = "\(attack.gradients)"
      cells["seconds"] = "\(attack.seconds)"
      cells["zero_gradients"] = "\(attack.zeroGradients)"
      cells["nan_gradients"] = "\(attack.nanGradients)"
      cells["infinite_gradients"] = "\(attack.infiniteGradients)"
      cells["proposals_not_finite"] = "\(attack.proposalsNotFinite)"
      cells["proposals_outside"] = "\(attack.proposalsOutside)"
      rows.append(row(cells))
      for value in attack.certificates ?? [] {
        rows.append(row(certified(value, attack: attack)))
      }
    }
    for worst in worstCase {
      var cells = counts(
        "worst-case", clean.examples, worst.correct, worst.accuracy, worst.interval)
      cells["norm"] = worst.norm.rawValue
      cells["epsilon"] = "\(worst.epsilon)"
      cells["epsilon_text"] = worst.epsilonText
      rows.append(row(cells))
    }
    return rows.map { $0.map(Self.cell).joined(separator: ",") + "\r\n" }.joined()
  }

  private static let columns = [
    "kind", "attack", "parameters", "norm", "epsilon", "epsilon_text", "label", "target", "iterate",
    "examples", "correct", "accuracy", "accuracy_low", "accuracy_high", "attacked", "successes",
    "successes_8bit", "mean_linf", "median_linf", "mean_l2", "median_l2", "mean_l1", "median_l1",
    "mean_l0", "median_l0", "sizes_in_call", "forwards", "gradients", "seconds", "zero_gradients",
    "nan_gradients", "infinite_gradients", "proposals_not_finite", "proposals_outside",
    "certifier", "sound", "robust_utility", "robust_precision", "model", "model_sha256", "data",
    "data_sha256", "split", "first", "range", "seed", "version", "privacy_method",
    "claimed_epsilon",
    "claimed_delta", "audited_epsilon",
  ]

  /// Quoted where it must be: commas, quotes and line ends.
  private static func cell(_ text: String) -> String {
    // A line end of two characters is one `Character`, so the bytes are looked at.
    guard text.utf8.contains(where: { [0x22, 0x2c, 0x0a, 0x0d].contains($0) }) else { return text }
    return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}

extension EvaluationResult.AttackResult {
  /// The parameters as `name=value` in the order of their names.
  var parameterText: String {
    parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
      .joined(separator: " ")
  }
}

extension ParameterValue {
  /// As on the command line.
  var text: String {
    switch self {
    case .null: "none"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): values.map(\.text).joined(separator: ";")
    case .object(let values):
      values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.text)" }.joined(separator: ";")
    }
  }
}
