internal import Foundation

/// An uneven distribution of noise over K coordinates: the scale of coordinate k is
/// `scale * sqrt(K r_k)`.
///
/// Dividing coordinate k by `sqrt(K r_k)` turns it into even noise, so every mechanism may be
/// redistributed, with the sensitivity of the divided values (Phan et al., "Heterogeneous Gaussian
/// Mechanism", 2019, Theorem 3, where only one mechanism is; for Gaussian noise the variance of
/// coordinate k is `sigma^2 K r_k`).
///
/// It must not depend on private data unless that is accounted for.
public struct Redistribution: Sendable, Codable, Equatable {
  /// r: positive, of sum 1.
  public let shares: [Double]

  /// - Throws: ``PrivacyError`` unless each share is positive and their sum is 1 to within 1e-9;
  ///   the shares are then divided by their sum.
  public init(shares: [Double]) throws(PrivacyError) {
    for (index, share) in shares.enumerated() {
      try check(share, "share \(index)", in: .positive)
    }
    let sum = shares.reduce(0, +)
    guard abs(sum - 1) <= 1e-9 else {
      throw .parameter(name: "the sum of the shares", value: sum, expected: "1")
    }
    self.shares = shares.map { $0 / sum }
  }

  /// Shares proportional to `weights`.
  /// - Throws: ``PrivacyError`` unless each weight is positive.
  public init(proportionalTo weights: [Double]) throws(PrivacyError) {
    for (index, weight) in weights.enumerated() {
      try check(weight, "weight \(index)", in: .positive)
    }
    let sum = weights.reduce(0, +)
    try check(sum, "the sum of the weights", in: .positive)
    try self.init(shares: weights.map { $0 / sum })
  }

  public init(from decoder: any Decoder) throws {
    try self.init(shares: decoder.singleValueContainer().decode([Double].self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(shares)
  }

  /// `sqrt(K r_k)` of each coordinate; their squares have the mean 1.
  public var factors: [Double] {
    shares.map { (Double(shares.count) * $0).squareRoot() }
  }

  /// The scale of each coordinate.
  public func scales(_ scale: Double) -> [Double] { factors.map { scale * $0 } }
}
