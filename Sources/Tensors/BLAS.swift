internal import COpenBLAS

/// Matrix products of OpenBLAS, always on the calling thread alone.
public enum BLAS {
  static let singleThreaded: Void = openblas_set_num_threads(1)

  /// `c[m x n] = alpha * op(a) * op(b) + beta * c`, all row-major and dense.
  ///
  /// `op(a)` is `m x k`: `a` itself, or the transpose of a `k x m` matrix if `transposeA`; likewise
  /// `b`. The bits of the result may depend on `m` and `n`: use shapes that do not depend on how
  /// many examples are computed together.
  public static func multiply(
    _ a: UnsafePointer<Float>, transposeA: Bool = false, _ b: UnsafePointer<Float>,
    transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>
  ) {
    _ = singleThreaded
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(transposeA ? m : k), b,
      blasint(transposeB ? k : n), beta, c, blasint(n))
  }
}
