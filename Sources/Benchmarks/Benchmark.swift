import Foundation

/// One thing that is timed, with the check that its answer is right.
public struct Benchmark: Sendable {
  /// What is done, as in `fgsm`; unique together with `model`.
  public let work: String
  /// The network it is done with, or nil.
  public let model: String?
  /// Operations of a direct computation for one item (a multiplication and an addition are two),
  /// or 0 where that makes no sense.
  public let operationsPerItem: Double
  /// The most examples computed together by one thread.
  public let chunk: Int
  /// False where it runs on one thread whatever is asked.
  var usesThreads = true
  /// Prepares for a number of threads: an answer's check and the work to be timed. Works that were
  /// prepared apart can run at the same time.
  let prepare: @Sendable (_ threads: Int) throws -> Prepared

  /// What is timed.
  struct Prepared {
    /// The difference from a slow reference, relative to its largest magnitude, and its bound;
    /// asked for once at most, before `run`.
    var error: () throws -> Double
    var allowedError: Double
    /// Items that one call of `run` does.
    var itemsPerRun: Int
    var run: () throws -> Void
  }
}

/// The timing of one benchmark: one line of JSON.
public struct BenchmarkResult: Codable, Sendable {
  public var work: String
  public var model: String?
  public var threads: Int
  public var chunk: Int
  /// By the wall clock, from the median run.
  public var itemsPerSecond: Double
  /// By the process's processor time, from the median run.
  public var itemsPerProcessorSecond: Double
  /// Operations of a direct computation by processor time; may exceed the machine's peak where an
  /// algorithm with fewer operations is used.
  public var effectiveGigaflops: Double
  /// The same as a share of `matrixProductGigaflops`.
  public var shareOfMatrixProduct: Double
  /// One core's large matrix product (the better of OpenBLAS and the package's own kernel),
  /// measured in the same run.
  public var matrixProductGigaflops: Double
  public var seconds: Double
  /// Runs that were timed.
  public var rounds: Int
  public var items: Int
  /// What was resident at most during a first run, in MiB, with what was prepared for other numbers
  /// of threads before; 0 where the system does not tell.
  public var peakMemoryMiB: Double
  /// The same less what was resident before this was prepared.
  public var workingMemoryMiB: Double
  /// The answer's largest difference from a reference in double precision, relative.
  public var error: Double
  /// Over one thread, where both are measured.
  public var speedup: Speedup?
  /// The same of as many copies of the work as threads, each on one of its own, in sum: what the
  /// machine has to give.
  public var copiesSpeedup: Speedup?
}

/// What went wrong with a benchmark.
public enum BenchmarkError: Error, CustomStringConvertible {
  /// The answer is not right, so its speed does not matter.
  case wrongAnswer(work: String, model: String?, error: Double, allowed: Double)
  /// Nothing of that name.
  case unknown(String, known: [String])

  public var description: String {
    switch self {
    case .wrongAnswer(let work, let model, let error, let allowed):
      "benchmark '\(work)' of \(model ?? "no model") is off by \(error), \(allowed) is allowed"
    case .unknown(let name, let known):
      "no benchmark '\(name)'; there are: \(known.joined(separator: ", "))"
    }
  }
}

extension Benchmark {
  /// Checks the answers, then times turns of each number of threads, one after the other, until each
  /// has had `seconds`, at least three.
  func measure(threads: [Int], seconds: Double, peak: Double) throws -> [BenchmarkResult] {
    let timings = try (usesThreads ? threads : [1]).map { try Timing(self, threads: $0) }
    let single = timings.first { $0.threads == 1 }
    let copies = try timings.map { timing in
      single == nil || timing.threads == 1
        ? [] : try (0..<timing.threads).map { _ in try Timing.Copy(prepare(1)) }
    }
    let share = Double(timings.count + copies.count { !$0.isEmpty })
    let begin = Clock.wall()
    var turns = 0
    while turns < 3 || Clock.wall() - begin < share * seconds {
      for (timing, copies) in zip(timings, copies) {
        try timing.turn()
        if !copies.isEmpty { try timing.turn(of: copies) }
      }
      turns += 1
    }
    return timings.map { timing in
      let items = Double(timing.work.itemsPerRun)
      let perProcessorSecond = items / median(timing.processor)
      let gigaflops = perProcessorSecond * operationsPerItem / 1e9
      return BenchmarkResult(
        work: work, model: model, threads: timing.threads, chunk: chunk,
        itemsPerSecond: items / median(timing.wall), itemsPerProcessorSecond: perProcessorSecond,
        effectiveGigaflops: gigaflops, shareOfMatrixProduct: gigaflops / peak,
        matrixProductGigaflops: peak, seconds: median(timing.wall),
        rounds: timing.wall.count, items: timing.work.itemsPerRun, peakMemoryMiB: timing.peakMemory,
        workingMemoryMiB: max(0, timing.peakMemory - timing.resident), error: timing.error,
        speedup: timing.speedup(over: single),
        copiesSpeedup: timing.copiesSpeedup(over: single))
    }
  }
}

/// The largest difference from what is expected, relative to the largest expected value; not a number
/// where a value is none.
func relativeError(_ values: some Sequence<Float>, from expected: [Double]) -> Double {
  let differences = zip(values, expected).map { abs(Double($0) - $1) }
  if differences.count < expected.count || differences.contains(where: \.isNaN) { return .nan }
  return (differences.max() ?? 0) / expected.reduce(0) { max($0, abs($1)) }
}

/// The middle value, or the lower of the two.
func median(_ values: [Double]) -> Double { values.sorted()[(values.count - 1) / 2] }

/// Clocks of this process.
enum Clock {
  static func wall() -> Double { seconds(CLOCK_MONOTONIC) }
  static func processor() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

  /// A line of the process's status in Linux, as `VmRSS`, what is resident, or `VmHWM`, the most
  /// that was since `resetPeakMemory`.
  static func memoryMiB(_ name: String) -> Double {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") }),
      let size = line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first
    else { return 0 }
    return (Double(size) ?? 0) / 1024
  }

  /// Gives what was freed back to the system, where the C library can (glibc's `malloc_trim`).
  static func releaseFreedMemory() {
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
  }

  /// Lets `VmHWM` begin again at what is resident.
  static func resetPeakMemory() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
