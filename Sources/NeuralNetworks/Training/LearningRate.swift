#if canImport(Glibc)
  internal import Glibc
#endif

/// The learning rate of each step.
public struct LearningRate: Sendable, Equatable, Codable {
  /// What becomes of the peak after the warm-up; `t` runs from 0 at its end to 1 at the end of
  /// training.
  public enum Schedule: Sendable, Equatable, Codable {
    case constant
    /// Multiplied by `factor` each time another `every` epochs are complete.
    case step(every: Int, factor: Float)
    /// `peak (1 + cos(pi t)) / 2`: I. Loshchilov, F. Hutter, "SGDR", 2017, without restarts.
    case cosine
  }

  /// The largest rate; more than 0.
  public var peak: Float
  public var schedule: Schedule
  /// Steps over which the rate rises in equal parts to the peak.
  public var warmUp: Int

  public init(_ peak: Float, schedule: Schedule = .constant, warmUp: Int = 0) {
    self.peak = peak
    self.schedule = schedule
    self.warmUp = warmUp
  }

  /// The rate of step `step` (from 0) of `total`, with `stepsPerEpoch` in an epoch.
  public func rate(at step: Int, of total: Int, stepsPerEpoch: Int) -> Float {
    if step < warmUp { return peak * Float(step + 1) / Float(warmUp) }
    switch schedule {
    case .constant: return peak
    case .step(let every, let factor):
      var rate = peak
      for _ in 0..<step / stepsPerEpoch / max(every, 1) { rate *= factor }
      return rate
    case .cosine:
      let t = Double(step - warmUp) / Double(max(total - warmUp, 1))
      return Float(Double(peak) * (1 + cos(Double.pi * t)) / 2)
    }
  }
}
