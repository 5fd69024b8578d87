import ArgumentParser
import Files
import Foundation
import Gauntlet

/// `gauntlet calibrate`: how much noise a budget takes.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Says how much noise each mechanism takes for a budget, and what it really gives.",
    discussion: """
      For Gaussian noise the exact delta of each scale stands beside it: the smallest delta for which \
      noise of that scale is (epsilon, delta)-private. Where it is above the delta asked, the formula \
      does not hold there; where it is far below, the noise is more than is needed. Scales of the \
      classic formula are marked where it has no proof.

      EXAMPLES
        gauntlet calibrate
        gauntlet calibrate --epsilon 0.5,1,2,4,8 --delta 1e-5 --sensitivity 2 --chart sigma.svg
        gauntlet calibrate --mechanism laplace --epsilon 1 --sensitivity 3
      """)

  @Option(help: ArgumentHelp("Budgets, separated by commas.", valueName: "list"))
  var epsilon = "0.1,0.25,0.5,1,2,4,8,10"

  @Option(help: "The probability with which the budget may be exceeded; not for Laplace noise.")
  var delta = 1e-5

  @Option(help: "How far the values can move: in l2, for Laplace noise in l1.")
  var sensitivity = 1.0

  @Option(
    name: .customLong("mechanism"),
    help: ArgumentHelp(
      "classic, extended, analytic or laplace; may be repeated. (default: the Gaussian ones)",
      valueName: "name"))
  var names: [String] = []

  @Option(help: ArgumentHelp("Draw the scales against epsilon.", valueName: "file.svg"))
  var chart: String?

  @Option(help: ArgumentHelp("Write the table as CSV.", valueName: "file"))
  var csv: String?

  /// One scale and what it gives.
  private struct Row {
    var mechanism: Mechanism
    var epsilon: Double
    var scale: Double
    /// Of Gaussian noise.
    var exactDelta: Double?
    var isProved: Bool
  }

  func run() throws {
    let mechanisms = try names.isEmpty ? [.classic, .extended, .analytic] : names.map(mechanism)
    let budgets = try epsilon.split(separator: ",").map { try Epsilon(String($0)).value }
    if let chart { try checkWritable(chart) }
    if let csv { try checkWritable(csv) }
    let rows = try mechanisms.flatMap { mechanism in
      try budgets.map { try row(mechanism, $0) }
    }
    Terminal.print(text(rows))
    if let csv { try writeAtomically(table(rows), to: csv) }
    if let chart {
      let low = budgets.min() ?? 0.1
      let high = max(budgets.max() ?? 10, low * 1.01)
      let drawn = try mechanisms.map { mechanism in
        LineChart.Series(
          name: mechanism.rawValue,
          points: try (0...100).map { index in
            let part = Double(index) / 100
            let epsilon = low * pow(high / low, part)
            return (epsilon, try row(mechanism, epsilon).scale)
          })
      }
      try writeAtomically(
        LineChart(
          title: "Noise for a budget (delta \(short(delta)), sensitivity \(short(sensitivity)))",
          xTitle: "epsilon", yTitle: "scale of the noise", xScale: .logarithmic,
          yScale: .logarithmic, series: drawn
        ).svg, to: chart)
    }
  }

  private func mechanism(_ name: String) throws -> Mechanism {
    guard let mechanism = Mechanism(rawValue: name) else {
      let names = Mechanism.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("there is no mechanism '\(name)'; there are \(names)")
    }
    return mechanism
  }

  private func row(_ mechanism: Mechanism, _ epsilon: Double) throws -> Row {
    let isProved = mechanism != .classic || epsilon < 1
    let scale = try mechanism.scale(
      epsilon: epsilon, delta: mechanism == .laplace ? 0 : delta, sensitivity: sensitivity,
      beyondProof: true)
    let exact =
      mechanism == .laplace
      ? nil : try GaussianProfile(sensitivity: sensitivity, sigma: scale).delta(epsilon: epsilon)
    return Row(
      mechanism: mechanism, epsilon: epsilon, scale: scale, exactDelta: exact, isProved: isProved)
  }

  private func text(_ rows: [Row]) -> String {
    var lines = ["mechanism   epsilon      scale  exact delta"]
    for row in rows {
      var note = ""
      if let exact = row.exactDelta, exact > delta {
        note = "  does not hold"
      } else if !row.isProved {
        note = "  beyond its proof"
      }
      lines.append(
        padded(row.mechanism.rawValue, 10, left: true) + "  " + padded(short(row.epsilon), 7) + "  "
          + padded(String(format: "%.6g", row.scale), 9) + "  "
          + padded(row.exactDelta.map(short) ?? "0", 11) + note)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func table(_ rows: [Row]) -> String {
    "mechanism,epsilon,delta,sensitivity,scale,exact_delta,proved\r\n"
      + rows.map {
        "\($0.mechanism.rawValue),\($0.epsilon),\($0.mechanism == .laplace ? 0 : delta),"
          + "\(sensitivity),\($0.scale),\($0.exactDelta ?? 0),\($0.isProved)\r\n"
      }.joined()
  }

  private func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? text + space : space + text
  }
}
