public import NeuralNetworks

/// What is known about one example for a certificate: how sure the noisy classifier is of its top
/// class, and where noise enters it.
///
/// All certifiers read the same evidence, so that they can be compared on the same draws.
public struct Evidence: Sendable {
  /// Bounds that hold together with probability at least 1 - alpha over the draws.
  public var bounds: ClassBounds
  /// The noise on the path from the input to the answer, in the order of the network; at least one.
  public var releases: [NoiseRelease]
  /// The norm in which the input may move.
  public var norm: Norm
  /// The attack size asked about, where there is one, in the units of the data. No sound
  /// certificate depends on it.
  public var attackSize: Double?

  public init(
    bounds: ClassBounds, releases: [NoiseRelease], norm: Norm, attackSize: Double? = nil
  ) {
    self.bounds = bounds
    self.releases = releases
    self.norm = norm
    self.attackSize = attackSize
  }
}

/// Bounds on the expected score of the top class and of its strongest rival under the noise.
///
/// A score lies in [0, 1]: a vote (1 where the class is the largest), or a softmax output.
public struct ClassBounds: Sendable, Codable, Equatable {
  /// At most the expected score of the top class.
  public var lower: Double
  /// At least the expected score of every other class.
  public var upper: Double

  public init(lower: Double, upper: Double) {
    precondition(lower >= 0 && lower <= 1 && upper >= 0 && upper <= 1, "scores lie in [0, 1]")
    self.lower = lower
    self.upper = upper
  }
}

/// One place where noise is added, and how far the values there can move with the input.
public struct NoiseRelease: Sendable, Codable, Equatable {
  /// The node behind which the noise is added; nil for the input itself.
  public var node: String?
  public var family: NoiseFamily
  /// The scale of coordinate k is `scale * sqrt(K r_k)`: a standard deviation, or Laplace's `b`.
  public var scale: Double
  /// At least the largest change of the values, each divided by `sqrt(K r_k)`, in l2 (Gaussian) or
  /// l1 (Laplace), for an input change of 1 in the evidence's norm.
  public var sensitivity: Double
  /// Which bound on the sensitivity was the smallest, such as `entrywise`.
  public var bound: String
  /// What the scale was calibrated to, where it was.
  public var calibration: NoiseCalibration?
  /// The sensitivity of one feature map alone, of which there are `maps`; no sound certificate
  /// uses it.
  public var mapSensitivity: Double?
  public var maps: Int?

  public init(
    node: String? = nil, family: NoiseFamily, scale: Double, sensitivity: Double, bound: String,
    calibration: NoiseCalibration? = nil, mapSensitivity: Double? = nil, maps: Int? = nil
  ) {
    precondition(scale > 0 && scale.isFinite, "a scale of noise is positive, not \(scale)")
    precondition(sensitivity >= 0, "a sensitivity is not negative")
    self.node = node
    self.family = family
    self.scale = scale
    self.sensitivity = sensitivity
    self.bound = bound
    self.calibration = calibration
    self.mapSensitivity = mapSensitivity
    self.maps = maps
  }
}

/// The robustness budget a scale of noise was chosen for.
public struct NoiseCalibration: Sendable, Codable, Equatable {
  /// The mechanism, such as `analytic`.
  public var mechanism: String
  public var epsilon: Double
  /// 0 for Laplace noise.
  public var delta: Double
  /// The input change the budget is for, in the norm it was calibrated in.
  public var attackSize: Double

  public init(mechanism: String, epsilon: Double, delta: Double, attackSize: Double) {
    self.mechanism = mechanism
    self.epsilon = epsilon
    self.delta = delta
    self.attackSize = attackSize
  }
}
