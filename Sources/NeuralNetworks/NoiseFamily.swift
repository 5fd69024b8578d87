/// The distribution of one coordinate of additive noise, symmetric around 0.
public enum NoiseFamily: String, Sendable, Codable, CaseIterable {
  /// Normal; the scale is the standard deviation.
  case gaussian
  /// Density `exp(-|z|/b) / 2b`; the scale is `b`.
  case laplace
}
