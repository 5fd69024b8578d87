public import Robustness

/// Bounds on how far values can move before noise is added to them.
///
/// For a map M of K rows (``LinearMap``) and a redistribution r it is
/// `D_{p,q} = max ||S^-1 M v||_q / ||v||_p` with `S = diag(sqrt(K r_k))`: the change in units of
/// each coordinate's noise. That the division by `sqrt(K r_k)` carries a mechanism for equal noise
/// over to redistributed noise is Theorem 3 of N. Phan et al., "Heterogeneous Gaussian Mechanism:
/// Preserving Differential Privacy in Deep Learning with Provable Robustness", 2019.
///
/// Every value is rounded up: it is at least the bound in exact arithmetic, for the exact map.
public struct Sensitivity: Sendable, Codable, Equatable {
  /// The norm in which the change of the values is measured.
  public enum Target: String, Sendable, Codable, CaseIterable {
    /// For Laplace noise.
    case l1
    /// For Gaussian noise.
    case l2
  }

  /// How a bound was had. Below, M is the map in units of the noise, `a_k` the norm of its row k
  /// that is dual to the input's norm (l1 for linf, l2 for l2, linf for l1), d the number of
  /// inputs, and
  /// `G = M^T M`.
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// The sensitivity itself, up to roundings. From l1: the largest norm of a column of M.
    /// Where no two values share an input, all of them.
    case exact
    /// The dual of the semidefinite relaxation of the maximum of `s^T G s` over signs s.
    case semidefinite
    /// From linf: `sqrt(sum |G_ij|)`; to l1 times `sqrt(K)`.
    case entrywise
    /// `sqrt(sum a_k^2)`; to l1 `sum a_k`.
    case rows
    /// The largest singular value of M, proved with Cholesky's factorisation; from linf times
    /// `sqrt(d)`, to l1 times `sqrt(K)`.
    case `operator`
    /// As `operator`, with Schur's test for the singular value: `max (|G| v)_i / v_i` for a v > 0.
    case schur
    /// From linf to l2, as printed in Section 4 of Phan et al., 2019:
    /// `sqrt(K) max ||w_k||_1 / (K r_k)`.
    case printed
  }

  /// One bound.
  public struct Bound: Sendable, Codable, Equatable {
    public var method: Method
    /// At least the sensitivity.
    public var value: Double
  }

  /// All bounds that were had; at least one.
  public let bounds: [Bound]

  /// The smallest bound, which is the one to use.
  public var smallest: Bound {
    bounds.dropFirst().reduce(bounds[0]) { $1.value < $0.value ? $1 : $0 }
  }

  /// The bounds for a map.
  ///
  /// Cost: see ``Gram`` and ``SingularValue``; a bound that would take minutes is left out.
  /// - Parameters:
  ///   - redistribution: r, K positive numbers with sum 1; nil: all `1 / K`. For a noise layer,
  ///     ``Redistribution/shares(of:)``.
  ///   - norm: the norm of the input's change; l0 has no finite sensitivity.
  /// - Throws: ``CertificationError/unsupportedNorm(problem:)``,
  ///   ``CertificationError/parameter(name:problem:)`` for a redistribution that is none,
  ///   ``CertificationError/noise(problem:)`` for weights that are not finite.
  public static func bounds(
    _ map: LinearMap, redistribution: [Double]? = nil, from norm: Norm, to target: Target
  ) throws(CertificationError) -> Sensitivity {
    guard norm != .l0 else {
      throw .unsupportedNorm(
        problem: "no noise can hide a change of one value by any amount: l0 has no sensitivity")
    }
    if let redistribution { try Redistribution.check(redistribution, count: map.rowCount) }
    let map = map.whitened(by: redistribution)
    guard map.matrix.values.allSatisfy(\.isFinite) else {
      throw .noise(problem: "the weights in front of the noise are not all finite numbers")
    }
    let measures = MapMeasures(map)
    if norm == .l1 {
      let exact = target == .l1 ? measures.largestColumnL1 : measures.largestColumnL2
      return Sensitivity(bounds: [
        Bound(method: .exact, value: exact),
        Bound(method: .rows, value: measures.rows(.l1, target)),
      ])
    }
    var bounds: [Bound] = []
    func add(_ method: Method, _ value: Double?) {
      if let value { bounds.append(Bound(method: method, value: value)) }
    }
    if measures.isMonomial {
      switch (norm, target) {
      case (.l2, .l2): add(.exact, measures.largestColumnL2)
      // The largest inner product with a unit vector is the Euclidean norm.
      case (.l2, .l1): add(.exact, measures.rows(.l2, .l2))
      default: add(.exact, measures.rows(norm, target))
      }
    } else {
      let values = SingularValue(map, measures, from: norm)
      let rootK = Rounding.up(Double(map.rowCount).squareRoot(), after: 1)
      let scale =
        (target == .l1 ? rootK : 1)
        * (norm == .linf ? Rounding.up(Double(measures.usedInputs).squareRoot(), after: 1) : 1)
      if norm == .linf {
        let factor = target == .l1 ? rootK : 1
        add(.semidefinite, values.semidefinite.map { ($0 * factor).nextUp })
        add(.entrywise, values.entrywise.map { ($0 * factor).nextUp })
      }
      add(.rows, measures.rows(norm, target))
      add(.operator, values.proved.map { Rounding.up($0 * scale, after: 2) })
      add(.schur, Rounding.up(values.schur * scale, after: 2))
    }
    if norm == .linf && target == .l2 {
      add(.printed, measures.printed(redistribution))
    }
    return Sensitivity(bounds: bounds)
  }
}
