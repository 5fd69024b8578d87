import Foundation

/// The turns of a benchmark on a number of threads, each of some runs.
final class Timing {
  let threads: Int
  let work: Benchmark.Prepared
  let error: Double
  /// Resident memory in MiB before the work was prepared, and the most in its first run.
  let resident: Double, peakMemory: Double
  /// Seconds of each run.
  private(set) var wall: [Double] = []
  private(set) var processor: [Double] = []
  /// Items a second over each turn, and of copies together.
  private var rates: [Double] = []
  private var copyRates: [Double] = []

  /// Seconds that runs follow each other at least: threads that others do not need fall asleep.
  private static let turnSeconds = 0.1

  /// One of several works that run at the same time.
  struct Copy: @unchecked Sendable {
    let work: Benchmark.Prepared

    /// Prepared, and run once.
    init(_ work: Benchmark.Prepared) throws {
      self.work = work
      try work.run()
    }

    /// Items a second over a turn.
    func turn() throws -> Double {
      try Timing.turn(work) { try work.run() }
    }
  }

  /// Prepares the work, checks its answer and runs it once.
  init(_ benchmark: Benchmark, threads: Int) throws {
    self.threads = threads
    Clock.releaseFreedMemory()
    resident = Clock.memoryMiB("VmRSS")
    work = try benchmark.prepare(threads)
    error = try work.error()
    Clock.releaseFreedMemory()
    Clock.resetPeakMemory()
    guard error <= work.allowedError else {
      throw BenchmarkError.wrongAnswer(
        work: benchmark.work, model: benchmark.model, error: error, allowed: work.allowedError)
    }
    try work.run()
    peakMemory = Clock.memoryMiB("VmHWM")
  }

  /// Times runs for a turn.
  func turn() throws {
    let rate = try Self.turn(work) {
      let (wallStart, processorStart) = (Clock.wall(), Clock.processor())
      try work.run()
      wall.append(Clock.wall() - wallStart)
      processor.append(Clock.processor() - processorStart)
    }
    rates.append(rate)
  }

  /// Calls `run` for a turn; items a second over all of it.
  private static func turn(_ work: Benchmark.Prepared, run: () throws -> Void) throws -> Double {
    let start = Clock.wall()
    var runs = 0
    var seconds = 0.0
    repeat {
      try run()
      runs += 1
      seconds = Clock.wall() - start
    } while seconds < turnSeconds
    return Double(runs * work.itemsPerRun) / seconds
  }

  /// Times copies for a turn, each on a thread of its own.
  func turn(of copies: [Copy]) throws {
    var results = copies.map { _ in Result<Double, any Error>.success(0) }
    results.withUnsafeMutableBufferPointer { results in
      // Each copy has its own result.
      nonisolated(unsafe) let results = results
      let group = DispatchGroup()
      for (index, copy) in copies.enumerated() {
        group.enter()
        Thread.detachNewThread {
          results[index] = Result { try copy.turn() }
          group.leave()
        }
      }
      group.wait()
    }
    copyRates.append(try results.reduce(0) { try $0 + $1.get() })
  }

  /// Over the turns of one thread; nil if this is they, or nobody took them.
  func speedup(over single: Timing?) -> Speedup? {
    guard let single, threads > 1 else { return nil }
    return Speedup(rates: rates, over: single.rates)
  }

  /// The same of copies.
  func copiesSpeedup(over single: Timing?) -> Speedup? {
    guard let single, !copyRates.isEmpty else { return nil }
    return Speedup(rates: copyRates, over: single.rates)
  }
}
