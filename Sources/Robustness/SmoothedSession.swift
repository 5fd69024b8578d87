internal import Foundation
internal import NeuralNetworks
public import Tensors

/// A smoothed classifier at work on one thread.
public final class SmoothedSession {
  public let classifier: SmoothedClassifier
  /// How many noisy images were classified.
  public private(set) var forwardCount = 0

  private static let look = 32
  private let prefix: Workspace
  private let votes: Workspace
  private let gradients: Workspace
  private let isCancelled: () -> Bool
  /// What the noise is added to, for the images in `prefix`.
  private var features: [Float]
  /// The keys of one draw.
  private var drawKeys: [RandomKey] = []
  /// The logits of one draw and their cotangent; no gradient.
  private var draw = GradientAnswer()
  /// Over the draws, with respect to what the noise is added to.
  private var gradientSums: [Float] = []

  init(_ classifier: SmoothedClassifier, isCancelled: @escaping () -> Bool) {
    self.classifier = classifier
    self.isCancelled = isCancelled
    prefix = classifier.prefix.makeWorkspace()
    votes = classifier.votes.makeWorkspace()
    gradients = classifier.gradients.makeWorkspace()
    features = [Float](repeating: 0, count: classifier.chunk * classifier.adder.size)
  }

  /// Counts the answers of `draws` draws for one image.
  ///
  /// - Parameters:
  ///   - image: `[1, inputShape...]`.
  ///   - key: the first draw's; draw `i` is keyed `key.draw + i`.
  ///   - hasScores: true where softmax outputs are summed too.
  ///   - isDecided: asked after every 32 draws, whatever the chunk; true ends the drawing.
  /// - Throws: `CancellationError` where the run was interrupted.
  public func tally(
    _ image: Tensor, key: RandomKey, draws: Int, hasScores: Bool = false,
    isDecided: ((VoteTally) -> Bool)? = nil
  ) throws -> VoteTally {
    precondition(image.rowCount == 1, "one image, not \(image.rowCount)")
    computeFeatures(of: image)
    var tally = VoteTally(classCount: classifier.classCount, hasScores: hasScores)
    var drawn = 0
    while drawn < draws {
      if isCancelled() { throw CancellationError() }
      var count = min(classifier.chunk, draws - drawn)
      if isDecided != nil { count = min(count, Self.look - drawn % Self.look) }
      let keys = (0..<count).map { key.drawing(Int(key.draw) + drawn + $0) }
      features.withUnsafeBufferPointer { features in
        guard let features = features.baseAddress else { return }
        for row in 0..<count { addNoise(keys[row], to: features, row: row, of: votes) }
      }
      votes.forward(count: count, noise: keys)
      countVotes(count, into: &tally)
      drawn += count
      if let isDecided, drawn % Self.look == 0, drawn < draws, isDecided(tally) { break }
    }
    forwardCount += drawn
    return tally
  }

  /// The mean over `draws` draws of the logits and, where asked, of the gradient of the caller's
  /// loss with respect to the images; in the answer's memory.
  ///
  /// - Parameters:
  ///   - images: at most a chunk.
  ///   - keys: the first draw's for each image; draw `i` is keyed `key.draw + i`.
  ///   - hasGradient: false for logits alone.
  ///   - cotangent: as in ``DifferentiableModel/gradient(_:into:cotangent:)``, for each draw.
  func expectation(
    _ images: Tensor, keys: [RandomKey], draws: Int, into answer: inout GradientAnswer,
    hasGradient: Bool, cotangent: (_ logits: Tensor, _ result: inout Tensor) -> Void
  ) throws {
    precondition(images.rowCount <= classifier.chunk, "more images than a chunk holds")
    let count = images.rowCount
    let size = classifier.adder.size
    let share = 1 / Float(draws)
    draw.fit(images, classCount: classifier.classCount, hasGradient: false)
    answer.fit(images, classCount: classifier.classCount, hasGradient: hasGradient)
    for index in answer.logits.values.indices { answer.logits.values[index] = 0 }
    gradientSums.removeAll(keepingCapacity: true)
    if hasGradient { gradientSums.append(contentsOf: repeatElement(0, count: count * size)) }
    computeFeatures(of: images)
    for number in 0..<draws {
      if isCancelled() { throw CancellationError() }
      drawKeys.removeAll(keepingCapacity: true)
      for key in keys { drawKeys.append(key.drawing(Int(key.draw) + number)) }
      forwardDraw()
      for (index, logit) in draw.logits.values.enumerated() {
        answer.logits.values[index] += share * logit
      }
      guard hasGradient else { continue }
      cotangent(draw.logits, &draw.cotangent)
      precondition(
        draw.cotangent.shape == draw.logits.shape,
        "a cotangent \(draw.cotangent.shape) for logits \(draw.logits.shape)")
      draw.cotangent.values.withUnsafeBufferPointer {
        guard let base = $0.baseAddress else { return }
        gradients.outputGradient.update(from: base, count: $0.count)
      }
      gradients.backward()
      gradientSums.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress else { return }
        add(gradients.inputGradient, to: base, count: count * size)
      }
    }
    forwardCount += count * draws
    guard hasGradient else { return }
    for (index, sum) in gradientSums.enumerated() { prefix.outputGradient[index] = share * sum }
    prefix.backward()
    answer.gradient.values.withUnsafeMutableBufferPointer {
      $0.baseAddress?.update(from: prefix.inputGradient, count: $0.count)
    }
  }

  /// The logits of one draw for every image, by `drawKeys`.
  private func forwardDraw() {
    let count = drawKeys.count
    features.withUnsafeBufferPointer { features in
      guard let features = features.baseAddress else { return }
      for row in 0..<count {
        addNoise(
          drawKeys[row], to: features + row * classifier.adder.size, row: row, of: gradients)
      }
    }
    gradients.forward(count: count, noise: drawKeys)
    draw.logits.values.withUnsafeMutableBufferPointer {
      $0.baseAddress?.update(from: gradients.output, count: $0.count)
    }
  }

  /// Puts what the noise is added to into `features`.
  private func computeFeatures(of images: Tensor) {
    precondition(
      images.shape.dropFirst().elementsEqual(classifier.inputShape),
      "images \(images.shape) for a model of \(classifier.inputShape)")
    images.values.withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { return }
      prefix.input.update(from: base, count: images.values.count)
    }
    prefix.forward(count: images.rowCount)
    features.withUnsafeMutableBufferPointer {
      $0.baseAddress?.update(
        from: prefix.output, count: images.rowCount * classifier.adder.size)
    }
  }

  private func addNoise(
    _ key: RandomKey, to feature: UnsafePointer<Float>, row: Int, of workspace: Workspace
  ) {
    classifier.adder.add(
      key, to: feature, into: workspace.input + row * classifier.adder.size)
  }

  private func countVotes(_ count: Int, into tally: inout VoteTally) {
    let classes = classifier.classCount
    for row in 0..<count {
      let logits = UnsafeBufferPointer(start: votes.output + row * classes, count: classes)
      var best = 0
      var isBlank = false
      for (label, value) in logits.enumerated() {
        isBlank = isBlank || value.isNaN
        if value > logits[best] { best = label }
      }
      guard !isBlank else {
        tally.blank += 1
        continue
      }
      tally.counts[best] += 1
      if !tally.scoreSums.isEmpty { addScores(logits, largest: logits[best], to: &tally) }
    }
  }

  /// Adds the softmax of one draw's logits.
  private func addScores(
    _ logits: UnsafeBufferPointer<Float>, largest: Float, to tally: inout VoteTally
  ) {
    // An infinite logit takes everything.
    let terms = logits.map { $0 == largest ? 1 : exp(Double($0) - Double(largest)) }
    let sum = terms.reduce(0, +)
    for (label, term) in terms.enumerated() {
      let score = term / sum
      tally.scoreSums[label] += score
      tally.scoreSquares[label] += score * score
    }
  }
}
