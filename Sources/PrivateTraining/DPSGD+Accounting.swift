public import Privacy

extension DPSGD {
  /// What `steps` steps are to an accountant.
  public func event(steps: Int) -> PrivacyEvent {
    if noiseMultiplier == 0 { return steps == 0 ? .composed([]) : .nonPrivate }
    return .selfComposed(
      .poissonSampledGaussian(rate: samplingRate, noiseMultiplier: noiseMultiplier), count: steps)
  }

  /// The smallest noise multiplier, to 1e-4 of its value, with which `steps` steps at sampling rate
  /// `samplingRate` are (epsilon, delta)-differentially private.
  /// - Parameter beside: what else is released.
  /// - Throws: ``PrivacyError``.
  public static func noiseMultiplier(
    epsilon: Double, delta: Double, samplingRate: Double, steps: Int,
    beside: PrivacyEvent? = nil
  ) throws(PrivacyError) -> Double {
    let beside = beside ?? .composed([])
    let least = try PLDAccountant().epsilon(of: beside, delta: delta)
    if epsilon > 0, least >= epsilon {
      throw .unreachable(
        problem: "no noise multiplier reaches epsilon \(epsilon): what is released beside the "
          + "gradients costs \(least)")
    }
    return try NoiseCalibrator.noiseMultiplier(epsilon: epsilon) { (sigma) throws(PrivacyError) in
      try PLDAccountant().epsilon(
        of: .composed([
          beside,
          .selfComposed(
            .poissonSampledGaussian(rate: samplingRate, noiseMultiplier: sigma), count: steps),
        ]), delta: delta)
    }
  }
}
