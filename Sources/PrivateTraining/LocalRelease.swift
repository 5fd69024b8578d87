internal import NeuralNetworks
internal import Tensors

/// Each example's image and label with Laplace noise of its own, drawn once: all that a training run
/// sees of the data. Whatever is computed from it, for any number of steps, is post-processing.
///
/// With values of width w, noise `b_j` on value j and `b_y` on each of the label's one-hot numbers, one
/// example in another's place changes the logarithm of the density by at most
/// `sum_j w / b_j + 2 / b_y`: that is epsilon, with delta 0.
/// C. Dwork et al., "Calibrating Noise to Sensitivity in Private Data Analysis", 2006.
final class LocalRelease {
  /// Where the noise comes from.
  struct Seed {
    var value: UInt64
    /// True: from the operating system, and not from whoever started the run.
    var isSecure: Bool

    init(_ setting: TrainingSetting) {
      isSecure = setting.privacy.randomness != .seeded
      value = isSecure ? UInt64.random(in: 0 ... .max) : setting.configuration.seed
    }
  }

  /// b_j, one an input value, for the seed.
  private let scales: (UInt64) throws -> [Float]
  private let labelScale: Float
  /// The values of an image; those outside count as its ends.
  private let bounds: ClosedRange<Float>
  private let classes: Int
  private let labels: [Int]
  /// What the noise is computed from, secret until the end.
  private(set) var seed: UInt64
  private var cached: (scales: [Float], targets: [Float])?

  /// - Parameters:
  ///   - classes: of the labels.
  ///   - scales: computed once, when it is first needed.
  /// - Throws: ``PrivateTrainingError/parameter(name:problem:)`` where images are augmented: with the
  ///   same noise on several forms of an image, their difference shows.
  init(
    of setting: TrainingSetting, classes: Int, labelScale: Float, seed: Seed,
    scales: @escaping (_ seed: UInt64) throws -> [Float]
  ) throws(PrivateTrainingError) {
    let augmentation = setting.configuration.augmentation
    guard augmentation.shift == 0, !augmentation.flips else {
      throw .parameter(
        name: "augmentation", problem: "is not for images with noise that was drawn once")
    }
    labels = setting.data.labels
    bounds = setting.bounds
    self.classes = classes
    self.labelScale = labelScale
    self.scales = scales
    self.seed = seed.value
  }

  private func release() throws -> (scales: [Float], targets: [Float]) {
    if let cached { return cached }
    var targets = [Float](repeating: 0, count: labels.count * classes)
    for (example, label) in labels.enumerated() {
      targets.withUnsafeMutableBufferPointer { targets in
        guard let base = targets.baseAddress else { return }
        let row = base + example * classes
        row[label] = 1
        RandomKey(seed: seed, purpose: .localNoise, example: example, draw: 1).addLaplace(
          to: row, count: classes, scale: labelScale, into: row)
      }
    }
    let result = (try scales(seed), targets)
    cached = result
    return result
  }

  /// The classes that the noisy numbers favour, of some examples.
  func labels(_ indices: [Int]) throws -> [Int] {
    let targets = try release().targets
    return indices.map { index in
      let row = index * classes
      return (1..<classes).reduce(0) { targets[row + $1] > targets[row + $0] ? $1 : $0 }
    }
  }

  /// The noisy one-hot numbers, `[examples, classes]`.
  func targets() throws -> [Float] { try release().targets }

  /// The images of a step with the noise that is theirs.
  func images(_ images: Tensor, indices: [Int]) throws -> Tensor {
    let scales = try release().scales
    var result = images
    for (position, index) in indices.enumerated() {
      result.withRow(position) { row in
        guard let base = row.baseAddress else { return }
        for place in row.indices {
          row[place] = min(max(row[place], bounds.lowerBound), bounds.upperBound)
        }
        RandomKey(seed: seed, purpose: .localNoise, example: index).addLaplace(
          to: base, count: row.count, scales: scales, into: base)
      }
    }
    return result
  }

  /// The seed's halves, for a checkpoint.
  var memory: [Double] {
    get { [Double(seed >> 32), Double(seed & 0xffff_ffff)] }
    set {
      precondition(newValue.count == 2, "another method's memory")
      seed = UInt64(newValue[0]) << 32 | UInt64(newValue[1])
      cached = nil
    }
  }

  /// What has to hold for the guarantee.
  static func assumptions(isSecure: Bool) -> [String] {
    [
      "all that is computed from the data is computed from the noisy images and labels, which were "
        + "drawn once",
      isSecure
        ? "the 64 random bits of the operating system that the noise was computed from, which an "
          + "unfinished run's checkpoint holds, stay secret"
        : "nobody knows the seed that the noise was computed from: whoever does can take it away",
    ]
  }
}
