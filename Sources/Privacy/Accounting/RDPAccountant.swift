internal import Foundation

/// Accounting by Renyi differential privacy: the moments of the privacy loss add up over a
/// composition.
///
/// I. Mironov, "Renyi Differential Privacy", 2017 (composition, Gaussian and Laplace noise);
/// I. Mironov, K. Talwar, L. Zhang, "Renyi Differential Privacy of the Sampled Gaussian Mechanism",
/// 2019 (Poisson sampling). The guarantee is for one record added or removed.
public struct RDPAccountant: Sendable {
  /// How Renyi divergences become an epsilon.
  public enum Conversion: String, Sendable, Codable, CaseIterable {
    /// `epsilon = R(a) + ln(1 / delta) / (a - 1)` (Abadi et al., "Deep Learning with Differential
    /// Privacy", 2016, Theorem 2: the moments accountant; Mironov 2017, Proposition 3).
    case classic
    /// `epsilon = R(a) + ln((a - 1) / a) - (ln delta + ln a) / (a - 1)` (Balle et al., "Hypothesis
    /// Testing Interpretations and Renyi Differential Privacy", 2020, Theorem 21).
    case improved
  }

  /// The orders that are tried, each above 1.
  public var orders: [Double]

  /// Whole orders of 2 to 256 and tenths from 1.1 to 10.9.
  public static let defaultOrders: [Double] =
    (11...109).filter { $0 % 10 != 0 }.map { Double($0) / 10 } + (2...256).map(Double.init)

  public init(orders: [Double] = defaultOrders) {
    precondition(orders.allSatisfy { $0 > 1 }, "an order of Renyi's divergence is above 1")
    self.orders = orders
  }

  /// The smallest epsilon over the orders, rounded up, and its order; infinity where there is no
  /// privacy.
  /// - Throws: ``PrivacyError``.
  public func epsilon(
    of event: PrivacyEvent, delta: Double, conversion: Conversion = .improved
  ) throws(PrivacyError) -> (epsilon: Double, order: Double) {
    try event.validate()
    try check(delta, "delta", in: .fraction)
    let leaves = event.leaves
    if leaves.isEmpty { return (0, orders.first ?? 2) }
    var best = (epsilon: Double.infinity, order: orders.first ?? 2)
    for order in orders {
      let divergence = leaves.reduce(0) { sum, leaf in
        sum + Double(leaf.count) * Self.divergence(of: leaf.event, order: order)
      }
      guard divergence.isFinite else { continue }
      let epsilon: Double =
        switch conversion {
        case .classic: divergence - log(delta) / (order - 1)
        case .improved:
          divergence + log1p(-1 / order) - (log(delta) + log(order)) / (order - 1)
        }
      if epsilon < best.epsilon { best = (epsilon, order) }
    }
    if best.epsilon < .infinity { best.epsilon = SafeRounding.up(max(best.epsilon, 0)) }
    return best
  }

  /// Renyi's divergence of order `order` for an event without composition, the larger of the two
  /// directions.
  package static func divergence(of event: PrivacyEvent, order: Double) -> Double {
    switch event {
    case .gaussian(let sigma): return order / (2 * sigma * sigma)
    case .laplace(let b):
      // ln(a/(2a-1) e^((a-1)/b) + (a-1)/(2a-1) e^(-a/b)) / (a - 1).
      return LogSpace.sum(
        log(order / (2 * order - 1)) + (order - 1) / b,
        log((order - 1) / (2 * order - 1)) - order / b) / (order - 1)
    case .pure(let epsilon):
      // ln(p^a (1 - p)^(1 - a) + (1 - p)^a p^(1 - a)) / (a - 1) with p = 1 / (1 + e^-epsilon).
      let likely = -log1p(exp(-epsilon))
      let unlikely = likely - epsilon
      let moment = LogSpace.sum(
        order * likely + (1 - order) * unlikely, order * unlikely + (1 - order) * likely)
      // Never less than 0, and never more than the epsilon: where roundings would say so.
      return min(max(moment, 0) / (order - 1), epsilon)
    case .poissonSampledGaussian(let rate, let sigma):
      if rate == 0 { return 0 }
      if rate == 1 { return order / (2 * sigma * sigma) }
      let moment =
        order == order.rounded()
        ? wholeLogMoment(order, rate, sigma) : fractionalLogMoment(order, rate, sigma)
      return max(moment, 0) / (order - 1)
    case .nonPrivate: return .infinity
    case .selfComposed, .composed: preconditionFailure("\(event) is a composition")
    }
  }

  /// `ln sum_k C(a, k) (1 - q)^(a - k) q^k e^((k^2 - k) / (2 sigma^2))` (Mironov et al. 2019, Eq.
  /// 12).
  private static func wholeLogMoment(_ order: Double, _ rate: Double, _ sigma: Double) -> Double {
    var terms: [Double] = []
    var binomial = 0.0
    for k in stride(from: 0, through: order, by: 1) {
      if k > 0 { binomial += log((order - k + 1) / k) }
      terms.append(
        binomial + (order - k) * log1p(-rate) + k * log(rate)
          + (k * k - k) / (2 * sigma * sigma))
    }
    return LogSpace.sum(terms)
  }

  /// The same integral for any order, as two binomial series on either side of the point where the
  /// two densities of the mixture are equal (Mironov et al. 2019, Section 3.3).
  private static func fractionalLogMoment(
    _ order: Double, _ rate: Double, _ sigma: Double
  ) -> Double {
    let middle = sigma * sigma * log(1 / rate - 1) + 0.5
    var positive = -Double.infinity
    var negative = -Double.infinity
    var binomial = 0.0
    var isPositive = true
    for k in stride(from: 0.0, to: 100_000, by: 1) {
      if k > 0 {
        let factor = (order - k + 1) / k
        binomial += log(abs(factor))
        if factor < 0 { isPositive.toggle() }
      }
      let rest = order - k
      let low =
        binomial + k * log(rate) + rest * log1p(-rate) + (k * k - k) / (2 * sigma * sigma)
        + Normal.logUpperTail((k - middle) / sigma)
      let high =
        binomial + rest * log(rate) + k * log1p(-rate)
        + (rest * rest - rest) / (2 * sigma * sigma) + Normal.logUpperTail((middle - rest) / sigma)
      let term = LogSpace.sum(low, high)
      if isPositive {
        positive = LogSpace.sum(positive, term)
      } else {
        negative = LogSpace.sum(negative, term)
      }
      if k > order && term < positive - 40 { break }
    }
    return positive > negative ? LogSpace.difference(positive, negative) : .infinity
  }
}
