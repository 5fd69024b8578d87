internal import Certification
internal import Robustness

extension ChunkOutcome {
  /// The records of these examples: one line of JSON for each example, attack, norm and size, in
  /// that order; where the plan has no attack, one for each example.
  ///
  /// The same run gives the same bytes. `forwards` and `backwards` count the one call that served
  /// all sizes; `iters_to_success` counts both until an answer first met the goal, and is `null`
  /// where none did, where the size was not enough, or where the last iterates are wanted.
  /// `restart` is not known to the evaluation. A value that is not finite is written as `null`.
  ///
  /// - Parameter certifiers: the names of the certifiers asked, in their order. For a classifier
  ///   with noise `clean_margin` and `adv_margin` are shares of the selection draws, and
  ///   `certificates` lists what each certifier says of the recorded image (of the clean one, where
  ///   there is no attack) with the counts that anyone can recompute it from.
  public func records(_ plan: EvaluationPlan, certifiers: [String] = []) -> [String] {
    var lines: [String] = []
    for (row, index) in batch.indices.enumerated() {
      var head = Line()
      head.add("id", "\(index)")
      head.add("label", "\(clean[row].label)")
      head.add("clean_pred", number(clean[row].prediction))
      head.add("clean_margin", number(clean[row].margin))
      if plan.entries.isEmpty {
        head.add("attack", "null")
        head.add(clean[row].verdict, certifiers)
        lines.append(head.text)
      }
      for (entry, planned) in plan.entries.enumerated() {
        for (size, epsilon) in planned.epsilons.enumerated() {
          var line = head
          let outcome = attacked[entry][size].outcomes[row]
          line.add(outcome, planned, epsilon, seed: plan.seed)
          line.add(outcome.verdict, certifiers)
          lines.append(line.text)
        }
      }
    }
    return lines
  }
}

/// One JSON object being written, its fields in the order they are added.
private struct Line {
  private var fields = ""

  mutating func add(_ name: String, _ json: String) {
    fields += "\(fields.isEmpty ? "" : ",")\"\(name)\":\(json)"
  }

  var text: String { "{\(fields)}" }

  /// The votes and certificates of one image; nothing for a classifier without noise.
  mutating func add(_ verdict: Verdict, _ certifiers: [String]) {
    guard let votes = verdict.votes else { return }
    add("selected", number(votes.selected))
    add("n0", "\(votes.selectionDraws)")
    add("n", "\(votes.draws)")
    add("votes", "\(votes.count)")
    add("runner_up_votes", "\(votes.runnerUp)")
    if let scores = votes.scores {
      add("score_sum", number(scores.sum))
      add("score_sum_of_squares", number(scores.sumOfSquares))
    }
    let list = verdict.certificates.map { certificate in
      var line = Line()
      line.add("certifier", quoted(certifiers[certificate.certifier]))
      line.add("norm", quoted(certificate.question.norm.rawValue))
      line.add("size", number(certificate.question.size))
      line.add("radius", certificate.radius.map { number($0) } ?? "null")
      line.add("covers", "\(certificate.covers)")
      return line.text
    }
    add("certificates", "[\(list.joined(separator: ","))]")
  }

  mutating func add(
    _ outcome: Outcome, _ entry: EvaluationPlan.Entry, _ epsilon: Epsilon, seed: UInt64
  ) {
    let isTargeted = entry.targeting != .untargeted
    add("goal", isTargeted ? "\"targeted\"" : "\"untargeted\"")
    add("goal_label", number(outcome.criterion?.label))
    add("attack", quoted(entry.name))
    add("eps", number(epsilon.value))
    add("norm", quoted(entry.norm.rawValue))
    add("attacked", "\(outcome.isAttacked)")
    add("success", "\(outcome.isSuccess)")
    add("correct", "\(outcome.isCorrect)")
    add("adv_pred", number(outcome.prediction))
    add("adv_margin", number(outcome.margin))
    add("linf", number(outcome.distances.linf))
    add("l2", number(outcome.distances.l2))
    add("l1", number(outcome.distances.l1))
    add("l0", "\(Int(outcome.distances.l0))")
    add("forwards", "\(outcome.cost.forwards)")
    add("backwards", "\(outcome.cost.gradients)")
    let isCounted = outcome.isSuccess && outcome.isAttacked && entry.choice == .best
    add("iters_to_success", number(isCounted ? outcome.cost.queriesToSuccess : nil))
    add("restart", "null")
    if let isSuccess = outcome.isEightBitSuccess { add("export_success_8bit", "\(isSuccess)") }
    add("seed", "\(seed)")
  }
}

private func number(_ value: Int?) -> String { value.map { "\($0)" } ?? "null" }

/// The shortest text that reads back as the same number.
private func number(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
  value.isFinite ? value.description : "null"
}

private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\u{0}"..<" ":
      let hexadecimal = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
