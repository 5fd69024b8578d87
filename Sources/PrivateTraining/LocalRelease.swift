internal import NeuralNetworks
internal import Tensors

/// Each example's image and label with Laplace noise of its own, drawn once: all that a training
/// run sees of the data. Whatever is computed from it, for any number of steps, is post-processing.
///
/// With values of width w, noise `b_j` on value j and `b_y` on each of the label's one-hot numbers,
/// one example in another's place changes the logarithm of the density by at most
/// `sum_j w / b_j + 2 / b_y`: that is epsilon, with delta 0.
/// C. Dwork et al., "Calibrating Noise to Sensitivity in Private Data Analysis", 2006.
final class LocalRelease {
  /// What a draw of the randomness is for; the part is an example's number, or 0.
  enum Draw {
    static let image = 0, label = 1, relevance = 2
  }

  /// b_j, one an input value, from the randomness.
  private let makeScales: (PrivateRandomness) throws -> [Double]
  private let labelScale: Double
  private let bounds: ClosedRange<Float>
  private let classes: Int
  private let labels: [Int]
  private var randomness: PrivateRandomness
  private var scales: [Double] = []
  private var noisyLabels: [Float] = []

  /// - Parameters:
  ///   - classes: of the labels.
  ///   - scales: computed once, when they are first needed.
  /// - Throws: ``PrivateTrainingError/parameter(name:problem:)`` where images are augmented: with
  ///   the same noise on several forms of an image, their difference shows.
  init(
    of setting: TrainingSetting, classes: Int, labelScale: Double,
    scales: @escaping (PrivateRandomness) throws -> [Double]
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
    makeScales = scales
    randomness = PrivateRandomness(
      setting.privacy.randomness ?? .secure, seed: setting.configuration.seed)
  }

  /// The noisy one-hot numbers, `[examples, classes]`.
  func targets() -> [Float] {
    if !noisyLabels.isEmpty { return noisyLabels }
    noisyLabels = labels.enumerated().flatMap { example, label in
      randomness.laplace(classes, draw: Draw.label, part: example).enumerated().map {
        Float(($0.offset == label ? 1 : 0) + labelScale * $0.element)
      }
    }
    return noisyLabels
  }

  /// The classes that the noisy numbers favour, of some examples.
  func labels(_ indices: [Int]) -> [Int] {
    let targets = targets()
    return indices.map { index in
      let row = index * classes
      return (1..<classes).reduce(0) { targets[row + $1] > targets[row + $0] ? $1 : $0 }
    }
  }

  /// The images of a step with the noise that is theirs; values outside of the bounds count as
  /// their ends.
  func images(_ images: Tensor, indices: [Int]) throws -> Tensor {
    if scales.isEmpty { scales = try makeScales(randomness) }
    var result = images
    for (position, index) in indices.enumerated() {
      let noise = randomness.laplace(images.rowSize, draw: Draw.image, part: index)
      result.withRow(position) { row in
        for place in row.indices {
          let value = min(max(row[place], bounds.lowerBound), bounds.upperBound)
          row[place] = Float(Double(value) + scales[place] * noise[place])
        }
      }
    }
    return result
  }

  /// For a checkpoint: the secret, and the scales once there are any.
  var memory: [Double] {
    get { randomness.secret + scales }
    set {
      let count = randomness.secret.count
      randomness = randomness.with(secret: Array(newValue.prefix(count)))
      scales = Array(newValue.dropFirst(count))
      noisyLabels = []
    }
  }

  /// - Parameter values: how many numbers an image has.
  func accepts(memory: [Double], values: Int) -> Bool {
    let count = randomness.secret.count
    let rest = memory.dropFirst(count)
    return randomness.accepts(secret: Array(memory.prefix(count)))
      && (rest.isEmpty || rest.count == values && rest.allSatisfy { $0 > 0 && Float($0).isFinite })
  }

  /// What has to hold for the guarantee.
  static func assumptions(_ request: PrivacyRequest) -> [String] {
    [
      "all that is computed from the data is computed from the noisy images and labels, which were "
        + "drawn once",
      request.randomness == .seeded
        ? "nobody knows the seed that the noise was computed from: whoever does can take it away"
        : "AES-256 in counter mode yields random bits, and its key of the operating system, which an "
          + "unfinished run's checkpoint holds, stays secret",
    ]
  }
}
