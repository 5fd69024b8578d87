import Tensors

/// Random numbers a second.
enum RandomBenchmarks {
  static let all = [
    Benchmark(work: "normals", model: nil, operationsPerItem: 0, chunk: count) { threads in
      let buffers = (0..<threads).map { _ in AlignedBuffer(count: count) }
      @Sendable func fill(_ thread: Int) {
        RandomKey(seed: 5, purpose: .test, example: thread)
          .fillNormals(UnsafeMutableBufferPointer(start: buffers[thread].pointer, count: count))
      }
      fill(0)
      let mean = (0..<count).reduce(0) { $0 + Double(buffers[0].pointer[$1]) } / Double(count)
      // Five standard errors of the mean.
      return .init(
        error: { abs(mean) }, allowedError: 5 / Double(count).squareRoot(),
        itemsPerRun: count * threads
      ) {
        concurrently(threads, threads: threads) { thread, _ in fill(thread) }
      }
    }
  ]

  /// A megabyte: what a cache holds.
  private static let count = 1 << 18
}
