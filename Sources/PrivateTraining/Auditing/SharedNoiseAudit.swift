internal import Foundation
internal import NeuralNetworks
public import Tensors

/// What a system shows of a step under noise that it shares, by its own account of itself.
public struct SharedRelease {
  /// The noisy images of the step's first examples, `[count, inputShape...]`.
  public var images: Tensor
  /// The noise on the sums of the last hidden values of each class, `[classes, hidden]`; nil where
  /// there are none, or they get new noise in every step.
  public var labelNoise: [Float]?

  public init(images: Tensor, labelNoise: [Float]? = nil) {
    self.images = images
    self.labelNoise = labelNoise
  }
}

/// An attack on a training run whose noise is shared: the data behind it are computed from what the
/// system holds to be private (``SharedNoiseReconstruction``).
public struct SharedNoiseAudit: Sendable, Equatable, Codable {
  public var schemaVersion = 1
  /// The system with its parameters.
  public var method: String
  /// What is claimed; nil where nothing is.
  public var claimedEpsilon: Double?
  /// Images whose noisy forms were compared.
  public var images: Int
  /// The share of the differences of their pixels that were found, to half of an 8-bit level.
  public var pixelsRecovered: Double
  public var largestPixelError: Double
  /// The share of the labels of a batch that were found; nil where they have noise of every step's
  /// own, or too few steps were taken to determine them.
  public var labelsRecovered: Double?
  /// The labels there were to find.
  public var labels: Int?

  /// True where most data were found: noise of the claimed epsilon, each example's own, hides them.
  /// (Roundings of noise that is large may keep the last bits of a pixel.)
  public var isViolation: Bool { pixelsRecovered > 0.5 || (labelsRecovered ?? 0) > 0.5 }

  /// Half of an 8-bit level of values in [0, 1].
  private static let tolerance = 0.5 / 255

  /// Trains until the first batch was seen as often as its labels ask for, or to the end.
  ///
  /// - Parameters:
  ///   - method: for the result.
  ///   - progress: told the steps taken and those there are at most; answers false to stop.
  /// - Returns: nil where the plan shows nothing under shared noise.
  /// - Throws: what the plan throws, `CancellationError` where it was stopped.
  public static func run(
    _ plan: TrainingPlan, _ setting: TrainingSetting, method: String,
    progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws -> SharedNoiseAudit? {
    guard let shows = plan.shows else { return nil }
    let trainer = try Trainer(
      plan.network, on: setting.data, configuration: setting.configuration, method: plan.method,
      threads: setting.threads)
    var features: [[[Double]]] = []
    var sums: [[[Double]]] = []
    var labels: [Int] = []
    var result: SharedNoiseAudit?
    var next = 2
    while !trainer.isFinished {
      guard progress(trainer.step, trainer.totalSteps) else { throw CancellationError() }
      let isFirstBatch = trainer.step % trainer.stepsPerEpoch == 0
      _ = try trainer.advance { step in
        guard isFirstBatch else { return try plan.images(step) }
        let release = try shows(step)
        if result == nil { result = pixels(release, step, plan, method: method) }
        if let noise = release.labelNoise {
          labels = Array(step.labels.prefix(release.images.rowCount))
          let hidden = hiddenValues(step.network, release.images)
          features.append(hidden)
          sums.append(released(hidden, labels, noise))
        }
        return try plan.images(step)
      }
      if result != nil, features.isEmpty { break }
      // One equation a hidden value for each visit after the first; those of hidden values that
      // hardly move tell nothing, so that more may be needed than there are unknowns.
      let equations = (features.count - 1) * (features.first?.first?.count ?? 0)
      guard isFirstBatch, equations >= next * labels.count else { continue }
      next *= 2
      if let found = SharedNoiseReconstruction.labels(
        features: features, releases: sums, labels: labels), found.recovered == 1 || next > 16
      {
        result?.labelsRecovered = found.recovered
        result?.labels = labels.count
        break
      }
    }
    return result
  }

  private static func pixels(
    _ release: SharedRelease, _ step: Trainer.Step, _ plan: TrainingPlan, method: String
  ) -> SharedNoiseAudit {
    func rows(_ tensor: Tensor) -> [[Double]] {
      (0..<release.images.rowCount).map { tensor.row($0).map(Double.init) }
    }
    let found = SharedNoiseReconstruction.differences(
      released: rows(release.images), records: rows(step.images), tolerance: tolerance)
    return SharedNoiseAudit(
      method: method, claimedEpsilon: plan.account.published?.epsilon,
      images: release.images.rowCount, pixelsRecovered: found.recovered,
      largestPixelError: found.largestError)
  }

  /// The values in front of the logits, `[count, hidden]`.
  private static func hiddenValues(_ network: Network, _ images: Tensor) -> [[Double]] {
    var front = network
    let (value, units) = network.lastHidden
    front.setOutput(value)
    let workspace = Plan(front, capacity: 1, purpose: .inference).makeWorkspace()
    return (0..<images.rowCount).map { row in
      workspace.input.update(from: Array(images.row(row)), count: images.rowSize)
      workspace.forward(count: 1)
      return (0..<units).map { Double(workspace.output[$0]) }
    }
  }

  /// `sum over i of h_i y_ik + noise`, `[hidden, classes]`.
  private static func released(
    _ hidden: [[Double]], _ labels: [Int], _ noise: [Float]
  ) -> [[Double]] {
    let units = hidden[0].count
    let classes = noise.count / units
    var sums = (0..<units).map { unit in
      (0..<classes).map { Double(noise[$0 * units + unit]) * Double(labels.count) }
    }
    for (values, label) in zip(hidden, labels) {
      for unit in 0..<units { sums[unit][label] += values[unit] }
    }
    return sums
  }

  /// As JSON text, fields in alphabetical order.
  /// - Throws: `EncodingError` for a number that is not finite.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
