extension Range<Int> {
  /// Consecutive pieces of at most `size`, for threads that take the next as they become free: of
  /// that size to begin with, then as many at a time as there are threads, which together are half
  /// of what is left, then smaller ones, down to half of `size`, that share the rest evenly. So
  /// threads end at about the same time, even if one is slower; one thread needs no small pieces.
  package func chunks(of size: Int, threads: Int) -> [Range<Int>] {
    precondition(size > 0 && threads > 0, "\(threads) threads, pieces of \(size)")
    var result: [Range<Int>] = []
    /// The next examples, in pieces as alike as can be.
    func take(_ count: Int, in pieces: Int) {
      let first = result.last?.upperBound ?? lowerBound
      result += (0..<pieces).map {
        first + count * $0 / pieces..<first + count * ($0 + 1) / pieces
      }
    }
    var left = count
    while threads > 1, left > threads * size {
      let each = Swift.min(Swift.max(left / (2 * threads), (size + 1) / 2), size)
      take(threads * each, in: threads)
      left -= threads * each
    }
    if threads > 1 {
      take(left, in: left >= threads * size ? 2 * threads : threads)
    } else {
      take(left / size * size, in: left / size)
      take(left % size, in: 1)
    }
    return result.filter { !$0.isEmpty }
  }
}
