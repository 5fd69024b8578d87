internal import Foundation

/// Accounting by the distribution of the privacy loss: the tightest there is, and always an upper
/// bound.
///
/// The loss of each event is put on a grid by connecting the dots, the distributions are composed
/// by Fourier transforms (Koskela, Jälkö, Honkela, "Computing Tight Differential Privacy Guarantees
/// Using FFT", 2020), and what is cut off or may be lost to rounding is added to the probability of
/// an infinite loss. Compositions of unsampled Gaussian noise are one Gaussian and need no grid.
///
/// Where a single step may lose more than about 300, that counts as infinite. Below a delta of
/// about 1e-11 that allowance dominates, and the answer becomes infinite.
public struct PLDAccountant: Sendable {
  public var relation: NeighbouringRelation
  /// How many steps of the grid make up the standard deviation of the finest event's loss.
  public var resolution: Double

  public init(relation: NeighbouringRelation = .addOrRemoveOne, resolution: Double = 40) {
    precondition(resolution > 0 && resolution.isFinite, "a resolution of \(resolution)")
    self.relation = relation
    self.resolution = resolution
  }

  /// The part of the composed loss that is followed, and the largest transform.
  private static let composedTail = 1e-13
  private static let largestCount = 1 << 21
  /// The most cells of one event's grid.
  private static let largestCells = 200_000.0

  /// An epsilon that is at least the smallest one for delta; infinity where there is no privacy.
  /// - Throws: ``PrivacyError``.
  public func epsilon(of event: PrivacyEvent, delta: Double) throws(PrivacyError) -> Double {
    try event.validate()
    try check(delta, "delta", in: .fraction)
    let leaves = event.leaves
    if leaves.isEmpty { return 0 }
    if leaves.contains(where: { $0.event == .nonPrivate }) { return .infinity }
    if let ratio = gaussianRatio(leaves) {
      return try GaussianProfile(ratio: ratio).epsilon(delta: delta)
    }
    let pairs = leaves.map { LossPair.pairs(of: $0.event, relation: relation) }
    var largest = 0.0
    for direction in pairs[0].indices {
      let parts = zip(pairs, leaves).map { ($0[direction], $1.count) }
      largest = max(largest, composed(parts).epsilon(delta: delta))
    }
    return largest.isFinite ? SafeRounding.up(largest) : largest
  }

  /// The sensitivity over the standard deviation where all events are Gaussian noise: their squares
  /// add up.
  private func gaussianRatio(_ leaves: [(event: PrivacyEvent, count: Int)]) -> Double? {
    var sum = 0.0
    for leaf in leaves {
      guard case .gaussian(let sigma) = leaf.event else { return nil }
      sum += Double(leaf.count) / (sigma * sigma)
    }
    return SafeRounding.up((relation == .replaceOne ? 2 : 1) * sum.squareRoot())
  }

  private func composed(_ parts: [(pair: LossPair, count: Int)]) -> LossDistribution {
    var interval = interval(parts)
    while true {
      let events = parts.map { pair, count in
        (
          LossDistribution(pair, interval: interval, losses: LossDistribution.range(of: pair)),
          count
        )
      }
      if events.count == 1, events[0].1 == 1 { return events[0].0 }
      let window = Self.window(events)
      // Losses that are all too large to be followed leave nothing to compose.
      guard window.lowerBound.isFinite, window.upperBound.isFinite else {
        return LossDistribution(first: 0, interval: interval, probabilities: [0], infinite: 1)
      }
      let first = Int((window.lowerBound / interval).rounded(.down))
      let needed = Int((window.upperBound / interval).rounded(.up)) - first + 1
      guard needed <= Self.largestCount else {
        interval *= 2
        continue
      }
      return Self.convolved(events, first: first, needed: needed)
    }
  }

  /// A part of the smallest standard deviation of a loss, found on grids that get finer until they
  /// resolve it (connecting the dots spreads a loss over a cell), or have as many cells as is fair.
  private func interval(_ parts: [(pair: LossPair, count: Int)]) -> Double {
    let intervals = parts.map { pair, _ in
      let range = LossDistribution.range(of: pair)
      let width = range.upperBound - range.lowerBound
      let finest = width / Self.largestCells
      var coarse = width / 1000
      while coarse > finest {
        let deviation = LossDistribution(pair, interval: coarse, losses: range).deviation
        if deviation >= 4 * coarse { return max(deviation / resolution, finest) }
        coarse /= 4
      }
      return finest
    }
    return min(intervals.min() ?? 1e-3, 1e-2)
  }

  /// The losses between which the composition lies but for the tail, by Chernoff's bound.
  private static func window(
    _ events: [(LossDistribution, count: Int)]
  ) -> ClosedRange<Double> {
    var high = Double.infinity
    var low = -Double.infinity
    for power in stride(from: -4.0, through: 12, by: 0.5) {
      let t = exp2(power)
      func bound(_ t: Double) -> Double {
        events.reduce(0) { $0 + Double($1.count) * $1.0.logMoment(t) } - log(composedTail)
      }
      let (up, down) = (bound(t) / t, -bound(-t) / t)
      if up.isFinite { high = min(high, up) }
      if down.isFinite { low = max(low, down) }
    }
    return low...max(high, low)
  }

  private static func convolved(
    _ events: [(LossDistribution, count: Int)], first: Int, needed: Int
  ) -> LossDistribution {
    var count = 2
    while count < needed { count *= 2 }
    let transform = FourierTransform(count: count)
    var real = [Double](repeating: 1, count: count)
    var imaginary = [Double](repeating: 0, count: count)
    var infinite = composedTail
    var steps = 0
    for (event, times) in events {
      var re = [Double](repeating: 0, count: count)
      var im = [Double](repeating: 0, count: count)
      for (index, p) in event.probabilities.enumerated() {
        re[wrapped(event.first + index, count)] += p
      }
      transform.transform(&re, &im)
      for index in 0..<count {
        let power = raised(re[index], im[index], times)
        (real[index], imaginary[index]) = (
          real[index] * power.0 - imaginary[index] * power.1,
          real[index] * power.1 + imaginary[index] * power.0
        )
      }
      infinite += Double(times) * event.infinite
      steps += times
    }
    transform.transform(&imaginary, &real)
    var result = LossDistribution(
      first: first, interval: events[0].0.interval,
      probabilities: (0..<count).map { max(real[wrapped(first + $0, count)] / Double(count), 0) },
      infinite: 0)
    // The relative error of a coefficient is a few units for each multiplication; in l2 that of the
    // result is as large, and in l1 at most the root of the number of places times as much.
    let length = result.probabilities.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let rounding = 0x1p-50 * (Double(steps) + log2(Double(count))) * length
    result.infinite = infinite + rounding * Double(count).squareRoot()
    return result
  }

  private static func wrapped(_ index: Int, _ count: Int) -> Int {
    // `count` is a power of two.
    index & (count - 1)
  }

  /// A power of a complex number, by squaring.
  private static func raised(_ re: Double, _ im: Double, _ times: Int) -> (Double, Double) {
    var (powerRe, powerIm) = (1.0, 0.0)
    var (baseRe, baseIm) = (re, im)
    var left = times
    while left > 0 {
      if left & 1 == 1 {
        (powerRe, powerIm) = (
          powerRe * baseRe - powerIm * baseIm, powerRe * baseIm + powerIm * baseRe
        )
      }
      (baseRe, baseIm) = (baseRe * baseRe - baseIm * baseIm, 2 * baseRe * baseIm)
      left >>= 1
    }
    return (powerRe, powerIm)
  }
}
