internal import Foundation

/// A pair of distributions (P, Q) that dominates an event for one order of two neighbours, by the
/// masses they give to `loss > l` and `loss <= l`, `loss = ln(dP/dQ)`.
struct LossPair {
  /// The masses on either side of a loss.
  struct Masses {
    var pAbove, qAbove, pBelow, qBelow: Double
  }

  /// The masses at a loss.
  let masses: (Double) -> Masses

  /// The pairs of an event without composition; their maximum over the pairs counts.
  static func pairs(
    of event: PrivacyEvent, relation: NeighbouringRelation
  ) -> [LossPair] {
    switch (event, relation) {
    case (.gaussian(let sigma), .addOrRemoveOne):
      return [removing(rate: 1, sigma), removing(rate: 1, sigma)]
    case (.gaussian(let sigma), .replaceOne): return [removing(rate: 1, sigma / 2)]
    case (.poissonSampledGaussian(let rate, let sigma), .addOrRemoveOne):
      return [removing(rate: rate, sigma), adding(rate: rate, sigma)]
    case (.poissonSampledGaussian(let rate, let sigma), .replaceOne):
      return [replacing(rate: rate, sigma)]
    case (.laplace(let b), .addOrRemoveOne): return [laplace(b), laplace(b)]
    case (.laplace(let b), .replaceOne): return [laplace(b / 2)]
    case (.pure(let epsilon), .addOrRemoveOne):
      return [randomizedResponse(epsilon), randomizedResponse(epsilon)]
    case (.pure(let epsilon), .replaceOne): return [randomizedResponse(epsilon)]
    case (.nonPrivate, _), (.selfComposed, _), (.composed, _):
      preconditionFailure("\(event) has no pair of its own")
    }
  }

  /// P the mixture `(1 - q) N(0, s^2) + q N(1, s^2)`, Q the normal `N(0, s^2)`: the loss
  /// `ln(1 - q + q e^((2x - 1) / (2 s^2)))` grows with x.
  private static func removing(rate q: Double, _ s: Double) -> LossPair {
    LossPair { loss in
      let x = place(ofLoss: loss, q, s)
      return Masses(
        pAbove: mixed(q, Normal.upperTail(x / s), Normal.upperTail((x - 1) / s)),
        qAbove: Normal.upperTail(x / s),
        pBelow: mixed(q, Normal.cumulative(x / s), Normal.cumulative((x - 1) / s)),
        qBelow: Normal.cumulative(x / s))
    }
  }

  /// The same with P and Q exchanged.
  private static func adding(rate q: Double, _ s: Double) -> LossPair {
    LossPair { loss in
      let x = place(ofLoss: -loss, q, s)
      return Masses(
        pAbove: Normal.cumulative(x / s),
        qAbove: mixed(q, Normal.cumulative(x / s), Normal.cumulative((x - 1) / s)),
        pBelow: Normal.upperTail(x / s),
        qBelow: mixed(q, Normal.upperTail(x / s), Normal.upperTail((x - 1) / s)))
    }
  }

  /// P the mixture with `N(1, s^2)`, Q the mixture with `N(-1, s^2)`.
  ///
  /// With `e^e' = 1 + q (e^e - 1)` and `b = e^(e' - e)`, the divergence of two mixtures that share
  /// a part is `q ((1 - b) D_e(P1, P0) + b D_e(P1, Q1))` for every e >= 0 (Balle, Barthe, Gaboardi,
  /// "Privacy Amplification by Subsampling", 2018, Theorem 2); among records of length at most 1
  /// both terms are largest for opposite ones of length 1, and the other direction is the mirror
  /// image.
  private static func replacing(rate q: Double, _ s: Double) -> LossPair {
    LossPair { loss in
      // With w = e^(x/s^2), c = e^(-1/(2 s^2)): q c w^2 + (1 - q)(1 - e^l) w - e^l q c = 0. It is
      // odd in l, so that only one sign needs to be solved for.
      let size = abs(loss)
      let logHalf = log1p(-q) + size + LogSpace.complement(-size) - log(2 * q) + 1 / (2 * s * s)
      // log(half + sqrt(half^2 + e^l)).
      let root = LogSpace.sum(2 * logHalf, size) / 2
      let x = (loss < 0 ? -1 : 1) * s * s * LogSpace.sum(logHalf, root)
      return Masses(
        pAbove: mixed(q, Normal.upperTail(x / s), Normal.upperTail((x - 1) / s)),
        qAbove: mixed(q, Normal.upperTail(x / s), Normal.upperTail((x + 1) / s)),
        pBelow: mixed(q, Normal.cumulative(x / s), Normal.cumulative((x - 1) / s)),
        qBelow: mixed(q, Normal.cumulative(x / s), Normal.cumulative((x + 1) / s)))
    }
  }

  /// P Laplace noise around 0, Q around 1: the loss is `1/b` up to 0, `-1/b` from 1, and
  /// `(1 - 2x)/b` between.
  private static func laplace(_ b: Double) -> LossPair {
    LossPair { loss in
      if loss >= 1 / b { return Masses(pAbove: 0, qAbove: 0, pBelow: 1, qBelow: 1) }
      if loss < -1 / b { return Masses(pAbove: 1, qAbove: 1, pBelow: 0, qBelow: 0) }
      // The loss exceeds l left of x, for x in (0, 1].
      let x = (1 - loss * b) / 2
      let (p, q) = (exp(-x / b) / 2, exp((x - 1) / b) / 2)
      return Masses(pAbove: 1 - p, qAbove: q, pBelow: p, qBelow: 1 - q)
    }
  }

  /// P the truth with probability `1 / (1 + e^-epsilon)`, Q the lie: the loss is epsilon or its
  /// negative.
  private static func randomizedResponse(_ epsilon: Double) -> LossPair {
    let (likely, unlikely) = (1 / (1 + exp(-epsilon)), 1 / (1 + exp(epsilon)))
    return LossPair { loss in
      if loss >= epsilon { return Masses(pAbove: 0, qAbove: 0, pBelow: 1, qBelow: 1) }
      if loss < -epsilon { return Masses(pAbove: 1, qAbove: 1, pBelow: 0, qBelow: 0) }
      return Masses(pAbove: likely, qAbove: unlikely, pBelow: unlikely, qBelow: likely)
    }
  }

  /// The x at which `ln(1 - q + q e^((2x - 1) / (2 s^2)))` is the loss.
  private static func place(ofLoss loss: Double, _ q: Double, _ s: Double) -> Double {
    // Where e^l overflows, nothing else counts.
    if loss > 700 { return s * s * (loss - log(q)) + 0.5 }
    let excess = expm1(loss) + q
    return excess <= 0 ? -.infinity : s * s * log(excess / q) + 0.5
  }

  private static func mixed(_ q: Double, _ zero: Double, _ one: Double) -> Double {
    (1 - q) * zero + q * one
  }
}
