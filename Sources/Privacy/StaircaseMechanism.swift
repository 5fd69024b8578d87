internal import Foundation

/// The one-dimensional noise with the smallest expected magnitude under pure epsilon-differential
/// privacy (Geng and Viswanath, "The Optimal Mechanism in Differential Privacy", 2014).
///
/// The density is constant on stairs of the sensitivity's width D, each lower than the one before
/// by `e^-epsilon`, and within a stair drops by as much at `gamma D`, `gamma = 1/(1 +
/// e^(epsilon/2))`.
public struct StaircaseMechanism: Sendable, Equatable {
  public let epsilon: Double
  public let sensitivity: Double

  /// - Throws: ``PrivacyError`` unless both are positive and finite.
  public init(epsilon: Double, sensitivity: Double = 1) throws(PrivacyError) {
    try check(epsilon, "epsilon", in: .positive)
    try check(sensitivity, "sensitivity", in: .positive)
    self.epsilon = epsilon
    self.sensitivity = sensitivity
  }

  /// Where in a stair the density drops, as a part of its width.
  public var gamma: Double { 1 / (1 + exp(epsilon / 2)) }

  /// `E |z| = D e^(epsilon/2) / (e^epsilon - 1)`; Laplace noise has `D / epsilon`.
  public var meanMagnitude: Double { sensitivity / (2 * sinh(epsilon / 2)) }

  /// The noise for four independent uniform numbers in (0, 1) (the paper's Algorithm 1): a sign, a
  /// geometrically distributed stair, the part of the stair, and the place within it.
  public func sample(_ uniforms: (Double, Double, Double, Double)) -> Double {
    let stair = (log(uniforms.1) / -epsilon).rounded(.down)
    let low = uniforms.2 < gamma / (gamma + (1 - gamma) * exp(-epsilon))
    let place = low ? gamma * uniforms.3 : gamma + (1 - gamma) * uniforms.3
    return (uniforms.0 < 0.5 ? -1 : 1) * sensitivity * (stair + place)
  }
}
