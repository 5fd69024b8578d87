/// How the gradient of one example is limited before it is added to those of others.
///
/// Whatever the example, what is added has a Euclidean norm of at most `norm` over all parameters
/// together.
public struct GradientClipping: Sendable, Equatable, Codable {
  /// What is limited together.
  public enum Scope: String, Sendable, Codable, CaseIterable {
    /// The whole gradient: `g / max(1, |g| / norm)`; M. Abadi et al., "Deep Learning with
    /// Differential Privacy", 2016, Algorithm 1.
    case joint
    /// Each of L layers by itself, to `norm / sqrt(L)`, a layer's weights and biases together.
    case perLayer = "per-layer"
  }

  public var scope: Scope
  /// More than 0.
  public var norm: Double

  public init(norm: Double, scope: Scope = .joint) {
    self.norm = norm
    self.scope = scope
  }

  /// What each example's gradient is multiplied with.
  ///
  /// A factor below 1 is rounded towards zero with a margin of 2^-20 for the roundings of the
  /// product, so that the norm holds for the numbers that are added. An example whose gradient is
  /// not finite gets 0: it must not be able to show itself by stopping the run.
  ///
  /// - Parameters:
  ///   - squaredNorms: `[layers, count]`
  ///   - factors: `[layers, count]`, overwritten.
  /// - Returns: how many examples' whole gradients have a norm of at most `norm`.
  package func factors(
    for squaredNorms: UnsafePointer<Double>, layers: Int, count: Int,
    into factors: UnsafeMutablePointer<Float>
  ) -> Int {
    func factor(_ squaredNorm: Double, _ limit: Double) -> Float {
      let length = squaredNorm.squareRoot()
      if length <= limit { return 1 }
      let factor = Float(limit / length * (1 - 0x1p-20))
      // A number so small has too few digits to be rounded within the margin.
      return factor.isNormal ? factor : 0
    }
    var within = 0
    for example in 0..<count {
      let total = (0..<layers).reduce(0.0) { $0 + squaredNorms[$1 * count + example] }
      if total.squareRoot() <= norm { within += 1 }
      for layer in 0..<layers {
        let place = layer * count + example
        guard total.isFinite else {
          factors[place] = 0
          continue
        }
        switch scope {
        case .joint: factors[place] = factor(total, norm)
        case .perLayer:
          factors[place] = factor(squaredNorms[place], norm / Double(layers).squareRoot())
        }
      }
    }
    return within
  }
}
