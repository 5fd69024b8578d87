/// The sigmoid cross-entropy of each class, expanded to second order around 0:
/// `sum over k of ln 2 + (1/2 - y_k) z_k + z_k^2 / 8`.
///
/// It is linear in the targets y, so that noise of mean 0 on them leaves its gradient right on
/// average. J. Zhang et al., "Functional Mechanism: Regression Analysis under Differential
/// Privacy", 2012, Section 5. (Where the first-order term is printed as `z - |z| / 2`, that is `z /
/// 2` for z >= 0 only.)
enum TaylorLoss {
  /// The loss of one example; writes `weight` times its gradient.
  ///
  /// - Parameters:
  ///   - logits: z, one a class.
  ///   - targets: y, one a class: 1 for the label and 0 for others, or a noisy form of that.
  static func evaluate(
    _ logits: UnsafePointer<Float>, targets: UnsafePointer<Float>, classes: Int, weight: Double,
    gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    var loss = 0.0
    for index in 0..<classes {
      let (z, y) = (Double(logits[index]), Double(targets[index]))
      loss += 0.6931471805599453 + (0.5 - y) * z + z * z / 8
      gradient[index] = Float(weight * (0.5 - y + z / 4))
    }
    return loss
  }
}
