public import Tensors

/// How a layer is computed for a chunk of examples; immutable, shared by all threads.
///
/// Everything it needs per thread is in the ``Call``: it allocates nothing and keeps nothing. The
/// result for an example must not depend, to the bit, on how many examples are computed with it or
/// on its place among them.
public protocol Operation: Sendable {
  /// How many floats of working space a call needs, for a full chunk.
  var scratchCount: Int { get }
  /// How many floats `forward` leaves for `backward`, for a full chunk.
  var savedCount: Int { get }
  /// What `backward` and `parameterGradients` read besides the output's gradient.
  var backwardReads: BackwardReads { get }

  /// Writes `call.output` for `call.count` examples.
  func forward(_ call: Call)

  /// Writes each `call.inputGradients` that is not nil from `call.outputGradient`, which may be
  /// used as working space.
  func backward(_ call: Call)

  /// Adds the gradient of each parameter, summed over the chunk's examples in order, to `sums`, or
  /// leaves its factors there.
  /// Runs before `backward` of the same call and must leave `call.outputGradient` as it is, or
  /// change it in a way that `backward` may repeat.
  func addParameterGradients(_ call: Call, to sums: [GradientBuffer])

  /// The shape of the gradient of the first parameter as a product, where parts of a batch may
  /// contribute its two factors (``GradientBuffer/factors(left:right:)``); nil by default.
  var gradientFactors: GradientFactors? { get }
}

/// An operation that can tell the gradients of single examples apart.
///
/// In a backward pass for ``Plan/Purpose/exampleGradients``, `measureParameterGradients` takes the
/// place of `addParameterGradients`; after the whole pass, when each example's factor is known,
/// `addKeptGradients` runs once.
public protocol ExampleGradientOperation: Operation {
  /// How many floats `measureParameterGradients` leaves for `addKeptGradients`, for a full chunk.
  var keptCount: Int { get }

  /// Adds the squared Euclidean norm of each example's gradient with respect to all parameters of
  /// the layer to `squaredNorms[example]`, and writes what it takes to add them to `call.kept`.
  /// Runs under the conditions of `addParameterGradients`.
  func measureParameterGradients(_ call: Call, squaredNorms: UnsafeMutablePointer<Double>)

  /// Adds `factors[example]` times each example's gradient to `sums`, or leaves such gradients'
  /// factors there, one buffer a parameter, in
  /// the order of the examples: cutting a run of examples into calls changes no bit. Reads and may
  /// change `call.kept`, nothing else. A factor of 0 adds nothing, not even where the gradient is
  /// not finite.
  func addKeptGradients(
    _ call: Call, scaledBy factors: UnsafePointer<Float>, to sums: [GradientBuffer])
}

/// What of the forward pass must still be there in the backward pass.
public struct BackwardReads: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  /// The values the layer read, in `backward`.
  public static let inputs = BackwardReads(rawValue: 1)
  /// The value it wrote, in either.
  public static let output = BackwardReads(rawValue: 2)
  /// The values it read, in `addParameterGradients` only.
  public static let inputsForParameters = BackwardReads(rawValue: 4)
}

extension Operation {
  public var scratchCount: Int { 0 }
  public var savedCount: Int { 0 }
  public var backwardReads: BackwardReads { [] }
  public func addParameterGradients(_ call: Call, to sums: [GradientBuffer]) {}
  public var gradientFactors: GradientFactors? { nil }
}

/// The memory one execution of an operation works on. Values are `[count, shape...]`, row-major.
public struct Call {
  /// How many examples.
  public var count: Int
  public var inputs: [UnsafePointer<Float>]
  public var output: UnsafeMutablePointer<Float>
  /// The gradient of the loss with respect to the output; only in a backward pass.
  public var outputGradient: UnsafeMutablePointer<Float>
  /// Where the gradient with respect to each input goes; nil where nobody asks.
  public var inputGradients: [UnsafeMutablePointer<Float>?]
  /// `scratchCount` floats, undefined at entry, aligned to 64 bytes.
  public var scratch: UnsafeMutablePointer<Float>
  /// `savedCount` floats that last from `forward` to `backward`, aligned to 64 bytes.
  public var saved: UnsafeMutablePointer<Float>
  /// `keptCount` floats that last until the end of a backward pass for single examples' gradients,
  /// aligned to 64 bytes.
  public var kept: UnsafeMutablePointer<Float>
  /// Set in a training pass; nil at inference.
  public var training: TrainingPass?
  /// The key of each example's noise, in a pass with noise.
  public var noise: ArraySlice<RandomKey> = []
  /// Examples of `inputs` and `inputGradients` in front of the first, where one operation runs
  /// another a few examples at a time: the arrays stay as they are, so that nothing is allocated.
  var skipped = 0
}

/// Which draw of the training randomness (dropout, noise) a pass uses.
public struct TrainingPass: Sendable {
  /// The run's seed.
  public var seed: UInt64
  /// The step of training.
  public var step: Int
  /// The position of the chunk's first example within the step's batch.
  public var firstExample: Int
  /// The number in the data of each example of the step's batch; empty: positions stand for them.
  ///
  /// Where a guarantee is about single examples, the draws of one must not depend on which others
  /// are in the batch.
  public var numbers: [Int]

  public init(seed: UInt64, step: Int, firstExample: Int, numbers: [Int] = []) {
    self.seed = seed
    self.step = step
    self.firstExample = firstExample
    self.numbers = numbers
  }

  /// What keys the draws of the chunk's example at a row.
  func key(row: Int) -> Int {
    numbers.isEmpty ? firstExample + row : numbers[firstExample + row]
  }
}
