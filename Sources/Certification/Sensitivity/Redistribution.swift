public import NeuralNetworks
public import Robustness
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// How noise is shared out among K values: K positive numbers r_k with sum 1. The scale of the
/// noise on value k is the noise's scale times `sqrt(K r_k)`; all `1 / K` is the same noise
/// everywhere.
///
/// N. Phan et al., "Heterogeneous Gaussian Mechanism: Preserving Differential Privacy in Deep
/// Learning with Provable Robustness", 2019, Theorem 3.
public struct Redistribution: Sendable, Equatable {
  /// r, in the row-major order of the values.
  public let values: [Double]
  /// Where it comes from, for results.
  public let record: Record

  /// Where a redistribution comes from.
  public struct Record: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
      case uniform, weights, relevance, random, file
    }
    public var kind: Kind
    /// The norm of the input's change that `weights` is for.
    public var norm: Norm?
    /// The noise that `weights` is for.
    public var family: NoiseFamily?
    /// The exponent of `relevance`.
    public var beta: Double?
    /// How many examples `relevance` read.
    public var examples: Int?
    public var seed: UInt64?
    /// The share that no value falls below before the shares are divided by their sum, as a
    /// fraction of `1 / K`.
    public var floor: Double?
    public var path: String?
    public var sha256: String?
    /// What must be said beside any privacy figure; nil where nothing must.
    public var caveat: String?
    /// True where r was computed from examples.
    public var usesData: Bool

    init(_ kind: Kind) {
      self.kind = kind
      usesData = kind == .relevance
    }
  }

  /// The share below which no value falls by default, as a fraction of `1 / K`: a standard
  /// deviation of about a tenth of the usual one.
  public static let defaultFloor = 0.01

  init(_ values: [Double], _ record: Record) {
    (self.values, self.record) = (values, record)
  }

  /// `sqrt(K r_k)` for each value, for a ``NeuralNetworks/Noise`` layer on values of this shape.
  public func relativeScales(shape: [Int]) -> Tensor {
    Tensor(
      shape: shape, values: values.map { Float((Double(values.count) * $0).squareRoot()) })
  }

  /// The shares that a noise layer draws with, after the rounding of its scales to single
  /// precision; nil for the same noise everywhere. These are what a sensitivity must be computed
  /// for.
  public static func shares(of noise: Noise) -> [Double]? {
    noise.relativeScales.map { scales in
      scales.values.map { Double($0) * Double($0) / Double(scales.values.count) }
    }
  }

  /// The same noise everywhere.
  public static func uniform(count: Int) -> Redistribution {
    precondition(count > 0, "a share for each of \(count) values")
    return Redistribution([Double](repeating: 1 / Double(count), count: count), Record(.uniform))
  }

  /// Shares that make the bound `rows` of ``Sensitivity`` smallest: with `a_k` the dual norm of row
  /// k,
  /// `r_k` proportional to `a_k` for Gaussian noise, which minimises `sum a_k^2 / (K r_k)`, and to
  /// `a_k^(2/3)` for Laplace noise, which minimises `sum a_k / sqrt(K r_k)`.
  ///
  /// It reads the weights alone: where those were trained with differential privacy, so is this.
  /// - Parameter floor: in (0, 1].
  /// - Throws: ``CertificationError/parameter(name:problem:)``, and
  ///   ``CertificationError/unsupportedNorm(problem:)`` for l0.
  public static func weights(
    _ map: LinearMap, from norm: Norm, for family: NoiseFamily, floor: Double = defaultFloor
  ) throws(CertificationError) -> Redistribution {
    guard norm != .l0 else {
      throw .unsupportedNorm(problem: "no redistribution of noise is best for l0")
    }
    var record = Record(.weights)
    (record.norm, record.family) = (norm, family)
    let norms = MapMeasures(map).rowNorms(norm)
    let weights =
      switch family {
      case .gaussian: norms
      case .laplace: norms.map { pow($0, 2.0 / 3.0) }
      }
    return try Redistribution(weights: weights, floor: floor, record)
  }

  /// Shares drawn uniformly from all there are: normalised exponential variates.
  ///
  /// - Parameter floor: in (0, 1].
  /// - Throws: ``CertificationError/parameter(name:problem:)``.
  public static func random(
    count: Int, seed: UInt64, floor: Double = defaultFloor
  ) throws(CertificationError) -> Redistribution {
    precondition(count > 0, "a share for each of \(count) values")
    var record = Record(.random)
    record.seed = seed
    let bits = RandomKey(seed: seed, purpose: .redistribution).bits(2 * count)
    let weights = (0..<count).map { index in
      let whole = UInt64(bits[2 * index]) << 32 | UInt64(bits[2 * index + 1])
      return -log((Double(whole >> 12) + 0.5) * 0x1p-52)
    }
    return try Redistribution(weights: weights, floor: floor, record)
  }

  /// Shares proportional to weights, none of which falls below the floor.
  init(weights: [Double], floor: Double, _ record: Record) throws(CertificationError) {
    guard floor > 0, floor <= 1 else {
      throw .parameter(name: "floor", problem: "is \(floor), expected a number in (0, 1]")
    }
    let sum = weights.reduce(0, +)
    guard sum > 0, sum.isFinite else {
      throw .noise(
        problem: "a redistribution of noise needs weights with a positive sum, found \(sum)")
    }
    let least = floor / Double(weights.count)
    let raised = weights.map { max($0 / sum, least) }
    let total = raised.reduce(0, +)
    var record = record
    record.floor = floor
    self.init(raised.map { $0 / total }, record)
  }

  /// How far the sum of given shares may be from 1.
  package static let sumTolerance = 1e-6

  /// Checks numbers that somebody gave.
  /// - Throws: ``CertificationError/parameter(name:problem:)``.
  package static func check(_ values: [Double], count: Int) throws(CertificationError) {
    if let problem = problem(in: values, count: count) {
      throw .parameter(name: "redistribution", problem: problem)
    }
  }

  /// What keeps `values` from being shares of `count` values.
  static func problem(in values: [Double], count: Int) -> String? {
    guard values.count == count else { return "has \(values.count) numbers, expected \(count)" }
    if let index = values.firstIndex(where: { !($0 > 0 && $0 <= 1) }) {
      return "has \(values[index]) at \(index), expected a number in (0, 1]"
    }
    let sum = values.reduce(0, +)
    return abs(sum - 1) <= sumTolerance ? nil : "sums to \(sum), expected 1"
  }
}
