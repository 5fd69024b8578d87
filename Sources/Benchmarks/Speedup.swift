import Foundation

/// How many times the items of one thread something does in a second, from turns with it.
public struct Speedup: Codable, Sendable, Equatable {
  /// The median over the turns, the lower of two.
  public var median: Double
  /// An interval for the median of the turns' distribution by its order statistics, at 95 % where
  /// turns are independent; with fewer than six of them from the least to the greatest.
  public var low: Double, high: Double
  /// From the fastest turn of each: others who use the machine only slow it.
  public var ofFastest: Double

  /// - Parameters:
  ///   - rates: items a second in each turn, at least one.
  ///   - single: the same of one thread, turn by turn.
  package init(rates: [Double], over single: [Double]) {
    let sorted = zip(rates, single).map { $0 / $1 }.sorted()
    let outside = Self.outside(sorted.count)
    median = sorted[(sorted.count - 1) / 2]
    low = sorted[outside]
    high = sorted[sorted.count - 1 - outside]
    ofFastest = (rates.max() ?? .nan) / (single.max() ?? .nan)
  }

  /// The most values that may be left out at each end: the probability that fewer than these are
  /// below the median, as many fair coins, is at most 2.5 %.
  private static func outside(_ count: Int) -> Int {
    // By its logarithm, since 2^-count may be no number.
    var logarithm = -Double(count) * log(2)
    var (sum, heads) = (exp(logarithm), 0)
    while sum <= 0.025 {
      heads += 1
      logarithm += log(Double(count - heads + 1) / Double(heads))
      sum += exp(logarithm)
    }
    return max(heads - 1, 0)
  }
}
