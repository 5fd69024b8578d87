extension Range<Int> {
  /// Consecutive pieces of at most `size`, for threads that take the next as they become free.
  ///
  /// As many at a time as there are threads, all alike: of `size` as long as these are less than
  /// half of what is left, then smaller ones, down to `least`, and at last what is less than two of
  /// these for each. So threads end at about the same time, even if one is slower. One thread needs
  /// no small pieces.
  /// - Parameter least: nil: half of `size`.
  package func chunks(of size: Int, least: Int? = nil, threads: Int) -> [Range<Int>] {
    let least = least ?? (size + 1) / 2
    precondition(
      threads > 0 && least > 0 && least <= size,
      "\(threads) threads, pieces of \(least) to \(size)")
    if threads == 1 {
      return stride(from: lowerBound, to: upperBound, by: size).map {
        $0..<Swift.min($0 + size, upperBound)
      }
    }
    var result: [Range<Int>] = []
    var left = self
    /// The next examples, a piece for each thread.
    func take(_ count: Int) {
      result += (0..<threads).map {
        left.lowerBound + count * $0 / threads..<left.lowerBound + count * ($0 + 1) / threads
      }
      left = left.dropFirst(count)
    }
    while left.count >= threads * Swift.min(2 * least, size) {
      take(threads * Swift.min(Swift.max(left.count / (2 * threads), least), size))
    }
    take(left.count)
    return result.filter { !$0.isEmpty }
  }
}
