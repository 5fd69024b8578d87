internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Estimates and proofs about the eigenvalues of a symmetric matrix given by its products.
enum Eigenvalue {
  /// An estimate, from below, of the largest eigenvalue of the symmetric `n` x `n` matrix `times`:
  /// Lanczos' iteration with full reorthogonalisation (C. Lanczos, "An iteration method for the
  /// solution of the eigenvalue problem", 1950), from a fixed random start.
  ///
  /// It proves nothing; `isUpperBound` does.
  static func estimate(
    order n: Int, steps: Int = 250, _ times: ([Double]) -> [Double]
  ) -> Double {
    var vector = RandomKey(seed: 0, purpose: .eigenvector).normals(n).map(Double.init)
    normalize(&vector)
    var basis: [[Double]] = []
    var (alphas, betas): ([Double], [Double]) = ([], [])
    var best = -Double.infinity
    for step in 0..<min(steps, n) {
      basis.append(vector)
      var next = times(vector)
      alphas.append(dot(next, vector))
      // Twice is enough (B. N. Parlett, "The Symmetric Eigenvalue Problem", 1980).
      for _ in 0..<2 {
        for other in basis {
          let share = dot(next, other)
          for index in 0..<n { next[index] -= share * other[index] }
        }
      }
      if step % 10 == 9 || step + 1 == min(steps, n) {
        let value = largest(alphas, betas)
        if value <= best * (1 + 1e-13) { return max(value, best) }
        best = max(best, value)
      }
      let length = normalize(&next)
      if !(length > abs(alphas[0]) * 1e-14) { break }
      betas.append(length)
      vector = next
    }
    return max(best, largest(alphas, betas))
  }

  /// True only where `diag(y) - G` has no eigenvalue below `-slack`, for the G that was computed.
  ///
  /// Cholesky's factorisation of A, run to its end in floating point, is exact for an A' with
  /// `|A' - A| <= gamma(n + 1) |R|^T |R|` (Higham, "Accuracy and Stability of Numerical
  /// Algorithms", 2002, Theorem 10.3), and the norm of the right side is at most `gamma(n + 1) / (1
  /// - gamma(n + 1))` times the trace of A (S. M. Rump, "Verification of positive definiteness",
  ///   2006). Here twice as
  /// many roundings are allowed, for other orders of evaluation and divisions by reciprocals.
  /// - Returns: the slack, or nil where the factorisation broke down.
  static func semidefinitenessSlack(_ gram: Gram, diagonal: [Double]) -> Double? {
    var matrix = gram.subtracted(from: diagonal)
    let n = gram.order
    var trace = 0.0
    var largest = 0.0
    for index in 0..<n {
      let element = matrix[index * n + index]
      guard element > 0 else { return nil }
      trace += element
      largest = max(largest, diagonal[index])
    }
    guard trace.isFinite, BLAS.factorCholesky(&matrix, order: n) else { return nil }
    let factor = Rounding.gamma(2 * n + 16)
    // The last term is for the rounding of the differences on the diagonal.
    return Rounding.up(factor / (1 - factor) * trace + 2 * Rounding.unit * largest, after: n)
  }

  /// The largest eigenvalue of the tridiagonal matrix, by bisection on Sturm's sequence.
  private static func largest(_ alphas: [Double], _ betas: [Double]) -> Double {
    let count = alphas.count
    func radius(_ index: Int) -> Double {
      (index > 0 ? betas[index - 1] : 0) + (index + 1 < count ? betas[index] : 0)
    }
    var low = alphas.max() ?? 0
    var high = (0..<count).reduce(low) { max($0, alphas[$1] + radius($1)) }
    for _ in 0..<100 where low < high {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { break }
      // All pivots of T - middle I are negative where middle is above every eigenvalue.
      var pivot = alphas[0] - middle
      var isAbove = pivot < 0
      for index in 1..<max(count, 1) where isAbove {
        pivot = alphas[index] - middle - betas[index - 1] * betas[index - 1] / pivot
        isAbove = pivot < 0
      }
      if isAbove { high = middle } else { low = middle }
    }
    return low
  }

  static func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var sums = SIMD4<Double>()
        var index = 0
        while index + 4 <= a.count {
          for lane in 0..<4 { sums[lane] += a[index + lane] * b[index + lane] }
          index += 4
        }
        var sum = sums.sum()
        while index < a.count {
          sum += a[index] * b[index]
          index += 1
        }
        return sum
      }
    }
  }

  @discardableResult
  private static func normalize(_ vector: inout [Double]) -> Double {
    let length = dot(vector, vector).squareRoot()
    guard length > 0 else { return 0 }
    for index in vector.indices { vector[index] /= length }
    return length
  }
}
