internal import COpenBLAS

extension BLAS {
  /// `g[n x n] += a^T a` for a row-major `a[rows x n]`, in double precision.
  ///
  /// Only elements on and above the diagonal are written.
  public static func addGram(
    of a: UnsafePointer<Double>, rows: Int, columns n: Int,
    to g: UnsafeMutablePointer<Double>
  ) {
    _ = singleThreaded
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, CblasTrans, blasint(n), blasint(rows), 1, a, blasint(n), 1, g,
      blasint(n))
  }

  /// Replaces the triangle on and above the diagonal of a symmetric row-major matrix by its
  /// Cholesky factor in double precision, as far as that goes.
  ///
  /// - Returns: true where the factorisation ran to its end, which shows that a matrix close to
  ///   this one has no negative eigenvalue; how close is the caller's error analysis.
  public static func factorCholesky(
    _ matrix: UnsafeMutablePointer<Double>, order: Int
  ) -> Bool {
    _ = singleThreaded
    // LAPACK counts columns first: our upper triangle is its lower one.
    let size = blasint(order)
    var info: blasint = 0
    withUnsafePointer(to: size) { size in
      "L".withCString { dpotrf_($0, size, matrix, size, &info, 1) }
    }
    return info == 0
  }
}
