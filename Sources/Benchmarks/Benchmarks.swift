import Foundation
import NeuralNetworks
import Tensors

/// The benchmark suites.
public enum Benchmarks {
  /// What to run.
  public struct Options: Sendable {
    /// Works or models whose name contains one of these, all if empty; single convolutions only if
    /// one of these has that word in it.
    public var only: [String] = []
    /// The most examples computed together by one thread, where a benchmark leaves that open; nil is the
    /// classifier's own choice.
    public var chunk: Int?
    /// Thread counts, measured in turn; no two alike.
    public var threads = [1]
    /// How long each is repeated.
    public var seconds = 1.0
    public init() {}
  }

  /// Runs what is asked and reports the results of each benchmark as they are there.
  /// - Throws: ``BenchmarkError`` where nothing matches or an answer is wrong.
  public static func run(_ options: Options, report: (BenchmarkResult) throws -> Void) throws {
    let all =
      try BenchmarkModel.allCases.flatMap {
        try NetworkBenchmarks.all($0, chunk: options.chunk) + TrainingBenchmarks.all($0)
          + PrivateTrainingBenchmarks.all($0) + CertificationBenchmarks.all($0)
      } + RandomBenchmarks.all
    let asksForConvolutions = options.only.contains { $0.contains("convolution") }
    let chosen = (asksForConvolutions ? all + ConvolutionBenchmarks.all : all).filter { benchmark in
      let name = "\(benchmark.model ?? "")/\(benchmark.work)"
      return options.only.isEmpty || options.only.contains { name.contains($0) }
    }
    guard !chosen.isEmpty else {
      throw BenchmarkError.unknown(
        options.only.joined(separator: ", "),
        known: all.map { ($0.model.map { "\($0)/" } ?? "") + $0.work })
    }
    let peak = matrixProductGigaflops()
    for benchmark in chosen {
      try benchmark.measure(threads: options.threads, seconds: options.seconds, peak: peak)
        .forEach(report)
    }
  }

  /// What the better of OpenBLAS and the package's own kernel reaches with a large product on one
  /// core, in billions of operations a second: OpenBLAS may not know the processor.
  static func matrixProductGigaflops() -> Double {
    let size = 1024
    let a = RandomKey(seed: 3, purpose: .test).normals(size * size)
    let packed = PackedMatrix(a, rows: size, columns: size, rowStride: size, columnStride: 1)
    var c = [Float](repeating: 0, count: size * size)
    var times: [Double] = []
    for _ in 0..<7 {
      let start = Clock.processor()
      BLAS.multiply(a, a, m: size, n: size, k: size, into: &c)
      let middle = Clock.processor()
      packed.multiply(left: a, count: size, result: &c)
      times += [middle - start, Clock.processor() - middle]
    }
    return 2 * Double(size * size * size) / (times.min() ?? 1) / 1e9
  }
}
