public import Imaging
public import Robustness
internal import Tensors

extension Quantization {
  /// Rounds an adversarial image to the levels of a file so that rounding does not carry it out of
  /// its ball.
  ///
  /// For linf each value gets the nearest level within the radius of the clean value; for the other
  /// norms the nearest that is no farther from the clean value than the given one, so that no
  /// distance grows. A millionth of the range is granted, because levels are rounded themselves.
  public init(
    _ image: ArraySlice<Float>, around clean: ArraySlice<Float>, in threat: ThreatModel,
    scale: PixelScale
  ) {
    precondition(image.count == clean.count, "\(image.count) values against \(clean.count)")
    let blur = 1e-6 * (threat.bounds.upperBound - threat.bounds.lowerBound)
    let (lower, upper): ([Float], [Float])
    if threat.norm == .linf {
      lower = clean.map { max($0 - threat.radius, threat.bounds.lowerBound) - blur }
      upper = clean.map { min($0 + threat.radius, threat.bounds.upperBound) + blur }
    } else {
      lower = zip(image, clean).map { min($0, $1) - blur }
      upper = zip(image, clean).map { max($0, $1) + blur }
    }
    self.init(Array(image), lower: lower, upper: upper, scale: scale)
  }
}
