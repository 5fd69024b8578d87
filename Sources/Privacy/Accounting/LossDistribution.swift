internal import Foundation

/// A privacy loss on a grid of spacing `interval`, no more private than the event it stands for.
struct LossDistribution {
  /// The loss of the first probability, in steps of the grid.
  let first: Int
  let interval: Double
  var probabilities: [Double]
  /// The probability of an infinite loss.
  var infinite: Double

  /// How far into the tails a single event is followed; what is beyond counts as infinite loss
  /// above and as the smallest loss below.
  static let tail = 1e-18
  /// Losses from about here on count as infinite, so that no `e^loss` overflows.
  private static let largestLoss = 300.0

  init(first: Int, interval: Double, probabilities: [Double], infinite: Double) {
    self.first = first
    self.interval = interval
    self.probabilities = probabilities
    self.infinite = infinite
  }

  /// Puts each cell's mass on its two ends, so that both P and Q keep theirs: then every
  /// `delta(epsilon)` on the grid is exact and between its points the curve, convex in e^epsilon,
  /// is replaced by chords, which lie above it (Doroshenko et al., "Connect the Dots: Tighter
  /// Discrete Approximations of Privacy Loss Distributions", 2022).
  init(_ pair: LossPair, interval: Double, losses: ClosedRange<Double>) {
    let first = Int((losses.lowerBound / interval).rounded(.down))
    let last = Int((losses.upperBound / interval).rounded(.up))
    var probabilities = [Double](repeating: 0, count: last - first + 1)
    var low = pair.masses(Double(first) * interval)
    // Less loss than the grid has is counted as its smallest.
    probabilities[0] = low.pBelow
    let shrink = -expm1(-interval)
    for index in first..<last {
      let high = pair.masses(Double(index + 1) * interval)
      // The difference of the smaller tails loses less.
      let isUpper = low.pAbove < low.pBelow
      let p = max(isUpper ? low.pAbove - high.pAbove : high.pBelow - low.pBelow, 0)
      let q = max(isUpper ? low.qAbove - high.qAbove : high.qBelow - low.qBelow, 0)
      let upper = min(max((p - exp(Double(index) * interval) * q) / shrink, 0), p)
      probabilities[index - first] += p - upper
      probabilities[index - first + 1] += upper
      low = high
    }
    self.first = first
    self.interval = interval
    self.probabilities = probabilities
    infinite = low.pAbove
  }

  /// The losses between which all but the tails of P lie.
  static func range(of pair: LossPair) -> ClosedRange<Double> {
    func bound(_ isInside: (Double) -> Bool) -> Double {
      // The first power of two outside, then bisection.
      var outside = 1e-6
      while isInside(outside) && outside < largestLoss { outside *= 2 }
      var inside = outside / 2
      for _ in 0..<20 {
        let middle = (inside + outside) / 2
        if isInside(middle) { inside = middle } else { outside = middle }
      }
      return outside
    }
    let high = bound { pair.masses($0).pAbove > tail }
    let low = bound { pair.masses(-$0).pBelow > tail }
    return -low...high
  }

  /// The standard deviation of the finite part.
  var deviation: Double {
    var moments = (zero: 0.0, one: 0.0, two: 0.0)
    for (index, p) in probabilities.enumerated() {
      let loss = Double(first + index) * interval
      moments.zero += p
      moments.one += p * loss
      moments.two += p * loss * loss
    }
    return max(moments.two / moments.zero - pow(moments.one / moments.zero, 2), 0).squareRoot()
  }

  /// `ln E e^(t loss)` over the finite part.
  func logMoment(_ t: Double) -> Double {
    let top = max(t * Double(first), t * Double(first + probabilities.count - 1)) * interval
    // e^(t loss) by multiplication, afresh every 64 steps.
    let factor = exp(t * interval)
    var sum = 0.0
    var power = 0.0
    for (index, p) in probabilities.enumerated() {
      power = index & 63 == 0 ? exp(t * Double(first + index) * interval - top) : power * factor
      sum += p * power
    }
    return log(sum) + top
  }

  /// The smallest epsilon of at least 0 for a delta; infinity where the infinite loss alone is
  /// more.
  ///
  /// `delta(epsilon) = infinite + sum over l > epsilon of p_l (1 - e^(epsilon - l))`.
  func epsilon(delta: Double) -> Double {
    guard infinite <= delta else { return .infinity }
    // Above the loss l: the mass, and the sum of p e^(l - loss).
    var mass = 0.0
    var weighted = 0.0
    var loss = Double(first + probabilities.count) * interval
    for index in stride(from: probabilities.count - 1, through: 0, by: -1) {
      loss = Double(first + index) * interval
      // The epsilon that is asked for lies between this loss and the next.
      if loss < 0 || infinite + mass - weighted > delta { break }
      mass += probabilities[index]
      weighted = (weighted + probabilities[index]) * exp(-interval)
      loss -= interval
    }
    // mass - weighted e^(epsilon - l) = delta - infinite.
    let rest = mass - (delta - infinite)
    if rest <= 0 { return 0 }
    let epsilon = loss + log(rest / weighted)
    return epsilon.isNaN ? .infinity : max(epsilon, 0)
  }
}
