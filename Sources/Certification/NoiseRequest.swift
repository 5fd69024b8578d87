public import NeuralNetworks
public import Privacy
public import Robustness

/// Noise that somebody wants in a network.
public struct NoiseRequest: Sendable, Equatable {
  /// How strong it is.
  public enum Strength: Sendable, Equatable {
    /// The standard deviation, or Laplace's `b`; positive.
    case scale(Double)
    /// So that the noisy values are (epsilon, delta)-indistinguishable for inputs `attackSize`
    /// apart in `norm`.
    case calibrated(Mechanism, epsilon: Double, delta: Double, attackSize: Double, norm: Norm)
  }

  public var family: NoiseFamily
  /// The node behind which it is added; nil for the input.
  public var node: String?
  public var strength: Strength

  public init(family: NoiseFamily, node: String? = nil, strength: Strength) {
    self.family = family
    self.node = node
    self.strength = strength
  }

  /// The number of the value it is added to.
  /// - Throws: ``CertificationError/noise(problem:)`` where the network has no such node.
  public func value(in network: Network) throws(CertificationError) -> Int {
    guard let node else { return 0 }
    guard let value = network.value(ofNode: node) else {
      let names = network.nodes.prefix(12).map { "'\($0.name)'" }.joined(separator: ", ")
      throw .noise(
        problem: "there is no node '\(node)' to add noise behind; the first are \(names)")
    }
    return value
  }
}

extension Network {
  /// The network with the noise, and what it was calibrated to by noise node.
  ///
  /// - Parameters:
  ///   - redistribution: the shares of the noise, for the elements of the value; nil: even.
  /// - Throws: ``CertificationError`` where the noise cannot stand there or its strength is none.
  public func adding(
    _ request: NoiseRequest, redistribution: Redistribution? = nil
  ) throws(CertificationError) -> (network: Network, calibration: NoiseCalibration?) {
    let value = try request.value(in: self)
    let relative = redistribution?.relativeScales(shape: shapes[value])
    var noise = Noise(request.family, scale: 1, relativeScales: relative)
    var calibration: NoiseCalibration?
    switch request.strength {
    case .scale(let scale):
      guard scale > 0, Float(scale) > 0, Float(scale).isFinite else {
        throw .noise(problem: "the scale of noise is \(scale), expected a positive number")
      }
      noise.scale = Float(scale)
    case .calibrated(let mechanism, let epsilon, let delta, let attackSize, let norm):
      guard (mechanism == .laplace) == (request.family == .laplace) else {
        throw .noise(
          problem:
            "the \(mechanism.rawValue) mechanism is not one of \(request.family.rawValue) noise"
        )
      }
      guard attackSize > 0, attackSize.isFinite else {
        throw .noise(
          problem: "noise is calibrated to a size of \(attackSize), expected a positive number")
      }
      let map = try LinearMap(prefixOf: self, upTo: value)
      let bound = try Sensitivity.bounds(
        map, redistribution: Redistribution.shares(of: noise), from: norm,
        to: request.family == .gaussian ? .l2 : .l1
      ).smallest
      do throws(PrivacyError) {
        noise.scale =
          Float(
            try mechanism.scale(
              epsilon: epsilon, delta: delta, sensitivity: bound.value * attackSize)
          ).nextUp
      } catch {
        throw .noise(problem: "the noise cannot be calibrated: \(error)")
      }
      calibration = NoiseCalibration(
        mechanism: mechanism.rawValue, epsilon: epsilon, delta: delta, attackSize: attackSize)
    }
    do throws(NetworkError) {
      return (try adding(noise, to: value), calibration)
    } catch {
      throw .noise(problem: error.description)
    }
  }
}
