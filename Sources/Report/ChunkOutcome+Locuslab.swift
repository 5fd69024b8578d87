public import Evaluation
internal import Foundation
internal import Robustness

extension ChunkOutcome {
  /// The title line of ``certificateLines(certifier:)``.
  public static let certificateTitle = "idx\tlabel\tpredict\tradius\tcorrect\ttime"

  /// The certificates of the clean images as the tool of Cohen et al., "Certified Adversarial
  /// Robustness via Randomized Smoothing", 2019, writes them: tab-separated, `predict` -1 and
  /// `radius` 0.0 where it abstains. `time` is the example's share of its chunk's.
  ///
  /// - Parameter certifier: its place in the plan; its first question is the one written.
  public func certificateLines(certifier: Int) -> [String] {
    let seconds = cleanSeconds / Double(max(batch.count, 1))
    let time = String(
      format: "%d:%02d:%09.6f", Int(seconds) / 3600, Int(seconds) / 60 % 60,
      seconds.truncatingRemainder(dividingBy: 60))
    return zip(batch.indices, clean).map { index, outcome in
      let certificate = outcome.verdict.certificates.first { $0.certifier == certifier }
      let radius = certificate?.radius
      let predicted = radius == nil ? -1 : certificate?.label ?? -1
      let cells = [
        "\(index)", "\(outcome.label)", "\(predicted)", "\(radius ?? 0)",
        predicted == outcome.label ? "1" : "0", time,
      ]
      return cells.joined(separator: "\t")
    }
  }
}
