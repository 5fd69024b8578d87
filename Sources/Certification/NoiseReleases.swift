public import NeuralNetworks
public import Robustness

extension Network {
  /// Where noise enters on the way from the input to the output, and how far the values there can
  /// move with the input in a norm, in units of each coordinate's own noise.
  ///
  /// The scales are those of the single-precision numbers that are really drawn.
  /// - Parameters:
  ///   - norm: the norm in which the input moves.
  ///   - calibrations: by noise node, what its scale was chosen for, where it was.
  /// - Throws: ``CertificationError`` where a layer in front of the noise has no rule, or the norm
  ///   no sensitivity.
  public func noiseReleases(
    in norm: Norm, calibrations: [String: NoiseCalibration] = [:]
  ) throws(CertificationError) -> [NoiseRelease] {
    var releases: [NoiseRelease] = []
    for placed in noises {
      releases.append(try release(placed, in: norm, calibrations[placed.node]))
    }
    return releases
  }

  private func release(
    _ placed: PlacedNoise, in norm: Norm, _ calibration: NoiseCalibration?
  ) throws(CertificationError) -> NoiseRelease {
    let map = try LinearMap(prefixOf: self, upTo: placed.value)
    let target: Sensitivity.Target = placed.noise.family == .gaussian ? .l2 : .l1
    let shares = Redistribution.shares(of: placed.noise)
    let bound = try Sensitivity.bounds(map, redistribution: shares, from: norm, to: target).smallest
    let oneMap = try Sensitivity.ofOneMap(map, redistribution: shares, from: norm, to: target)
    // Products of two single-precision scales are rounded by less than 2^-23 of themselves.
    return NoiseRelease(
      node: placed.value == 0 ? nil : nodes[placed.value - 1].name, family: placed.noise.family,
      scale: Double(placed.noise.scale) * (1 - 0x1p-22), sensitivity: bound.value,
      bound: bound.method.rawValue,
      calibration: calibration,
      mapSensitivity: oneMap?.sensitivity, maps: oneMap?.maps)
  }
}
