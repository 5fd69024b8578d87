internal import Foundation

/// The share of `correct` in `count` trials with its Wilson score interval.
///
/// `(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`: unlike the textbook interval it stays in
/// [0, 1] and does not shrink to a point at 0 or 1. Wilson, "Probable Inference, the Law of
/// Succession, and Statistical Inference", 1927.
public struct Proportion: Sendable, Hashable, Codable {
  public var correct: Int
  public var count: Int

  /// - Parameters:
  ///   - correct: 0 to `count`.
  ///   - count: at least 1.
  public init(_ correct: Int, of count: Int) {
    precondition(count > 0 && (0...count).contains(correct), "\(correct) of \(count)")
    self.correct = correct
    self.count = count
  }

  /// `correct / count`.
  public var value: Double { Double(correct) / Double(count) }

  /// The interval at the confidence whose normal quantile is `z`, by default 95 %.
  public func interval(z: Double = 1.959963984540054) -> ClosedRange<Double> {
    let n = Double(count)
    let p = value
    let center = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    // At the ends the formula is exact, but its rounding is not.
    let low = correct == 0 ? 0 : max(center - half, 0)
    let high = correct == count ? 1 : min(center + half, 1)
    return low...high
  }
}
