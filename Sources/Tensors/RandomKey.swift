internal import CKernels

/// Which random numbers are meant: a place in a table that exists before anything is drawn.
///
/// Every number Gauntlet draws is `Philox4x32-10(seed, purpose, example, draw, element)`
/// (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011). It does not depend on the
/// order of drawing, the thread, the batch it was part of, or the machine.
///
/// Counter words: element block (32 bits), draw (32), example (low 32), purpose (16) and
/// example (high 16).
public struct RandomKey: Sendable, Hashable {
  /// What numbers are for; two purposes never share a number.
  public struct Purpose: RawRepresentable, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let attackStart = Purpose(rawValue: 1)
    public static let target = Purpose(rawValue: 2)
    public static let weights = Purpose(rawValue: 3)
    public static let shuffle = Purpose(rawValue: 4)
    public static let dropout = Purpose(rawValue: 5)
    public static let fixture = Purpose(rawValue: 6)
    public static let attackNoise = Purpose(rawValue: 7)
    public static let modelNoise = Purpose(rawValue: 8)
    public static let test = Purpose(rawValue: 9)
    public static let augmentation = Purpose(rawValue: 10)
    public static let trainingNoise = Purpose(rawValue: 11)
    public static let selectionNoise = Purpose(rawValue: 12)
    public static let expectationNoise = Purpose(rawValue: 13)
    public static let privateSampling = Purpose(rawValue: 20)
    public static let privateNoise = Purpose(rawValue: 21)
    public static let localNoise = Purpose(rawValue: 24)
    public static let adversary = Purpose(rawValue: 25)
    public static let eigenvector = Purpose(rawValue: 30)
    public static let redistribution = Purpose(rawValue: 31)
    public static let trialSelection = Purpose(rawValue: 40)
    public static let trialJudgement = Purpose(rawValue: 41)
    public static let auditCoins = Purpose(rawValue: 50)
    public static let auditPlaces = Purpose(rawValue: 51)
  }

  /// The run's seed.
  public var seed: UInt64
  /// What the numbers are for.
  public var purpose: Purpose
  /// The example's index in its data set, below 2^48.
  public var example: UInt64
  /// The draw: a restart, a step, a noise sample.
  public var draw: UInt32

  public init(seed: UInt64, purpose: Purpose, example: Int = 0, draw: Int = 0) {
    precondition(example >= 0 && example < 1 << 48, "example index \(example) is out of range")
    precondition(draw >= 0 && draw <= Int(UInt32.max), "draw \(draw) is out of range")
    self.seed = seed
    self.purpose = purpose
    self.example = UInt64(example)
    self.draw = UInt32(draw)
  }

  /// The same numbers' place for another draw.
  public func drawing(_ draw: Int) -> RandomKey {
    RandomKey(seed: seed, purpose: purpose, example: Int(example), draw: draw)
  }

  /// Fills `buffer` with standard normals; element `i` is number `offset + i` of this key.
  ///
  /// `offset` must be a multiple of 64. Box-Muller from IEEE operations only, so every instruction
  /// set gives the same bits. |z| <= 6.77.
  public func fillNormals(_ buffer: UnsafeMutableBufferPointer<Float>, offset: Int = 0) {
    precondition(offset % 64 == 0, "offset \(offset) is not a multiple of 64")
    guard let base = buffer.baseAddress else { return }
    ck_normals(base, buffer.count, seed, counterHigh, counterMiddle, UInt64(offset / 4))
  }

  /// `result[i] = values[i] + scale * z[i]` with this key's normals, drawn and added in one pass;
  /// `result` may be `values`.
  ///
  /// - Parameters:
  ///   - scales: where given, one for each element in place of `scale`.
  ///   - offset: as in `fillNormals`.
  public func addNormals(
    to values: UnsafePointer<Float>, count: Int, scale: Float = 1,
    scales: UnsafePointer<Float>? = nil, offset: Int = 0, into result: UnsafeMutablePointer<Float>
  ) {
    addNoise(0, values, count, scale, scales, offset, result)
  }

  /// The same with Laplace noise: `z` has density `exp(-|z|) / 2`. |z| <= 22.9.
  public func addLaplace(
    to values: UnsafePointer<Float>, count: Int, scale: Float = 1,
    scales: UnsafePointer<Float>? = nil, offset: Int = 0, into result: UnsafeMutablePointer<Float>
  ) {
    addNoise(1, values, count, scale, scales, offset, result)
  }

  private func addNoise(
    _ family: Int32, _ values: UnsafePointer<Float>, _ count: Int, _ scale: Float,
    _ scales: UnsafePointer<Float>?, _ offset: Int, _ result: UnsafeMutablePointer<Float>
  ) {
    precondition(offset % 64 == 0, "offset \(offset) is not a multiple of 64")
    ck_add_noise(
      result, values, count, family, scale, scales, seed, counterHigh, counterMiddle,
      UInt64(offset / 4))
  }

  /// Fills `buffer` with 32 random bits each; element `i` is number `offset + i` of this key.
  public func fillBits(_ buffer: UnsafeMutableBufferPointer<UInt32>, offset: Int = 0) {
    precondition(offset % 64 == 0, "offset \(offset) is not a multiple of 64")
    guard let base = buffer.baseAddress else { return }
    ck_random_bits(base, buffer.count, seed, counterHigh, counterMiddle, UInt64(offset / 4))
  }

  /// `count` standard normals.
  public func normals(_ count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      fillNormals(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  /// `count` uniform numbers in the open interval (0, 1), each with 23 random bits.
  public func uniforms(_ count: Int) -> [Float] {
    bits(count).map { (Float($0 >> 9) + 0.5) * 0x1p-23 }
  }

  /// `count` words of 32 random bits.
  public func bits(_ count: Int) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
      fillBits(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  private var counterMiddle: UInt64 { UInt64(draw) | (example & 0xffff_ffff) << 32 }
  private var counterHigh: UInt32 {
    UInt32(purpose.rawValue) << 16 | UInt32(truncatingIfNeeded: example >> 32)
  }
}

/// A sequential generator over the numbers of one key, for code that draws one value at a time.
public struct SeededGenerator: RandomNumberGenerator {
  private let key: RandomKey
  private var buffer: [UInt32] = []
  private var position = 0
  private var offset = 0

  public init(_ key: RandomKey) { self.key = key }

  public mutating func next() -> UInt64 {
    if position + 2 > buffer.count {
      buffer = [UInt32](repeating: 0, count: 256)
      buffer.withUnsafeMutableBufferPointer { key.fillBits($0, offset: offset) }
      offset += 256
      position = 0
    }
    defer { position += 2 }
    return UInt64(buffer[position]) | UInt64(buffer[position + 1]) << 32
  }
}
