public import Tensors

/// Labelled images to train on, fetched as they are needed.
public struct TrainingData: Sendable {
  /// The class of each example.
  public let labels: [Int]
  private let fetch: @Sendable ([Int]) throws -> Tensor

  /// - Parameter images: `[indices.count, inputShape...]` for the examples of these numbers, in
  ///   their order.
  public init(labels: [Int], images: @escaping @Sendable (_ indices: [Int]) throws -> Tensor) {
    self.labels = labels
    fetch = images
  }

  /// All in memory: `[labels.count, inputShape...]`.
  public init(images: Tensor, labels: [Int]) {
    precondition(images.rowCount == labels.count, "a label for every image")
    self.init(labels: labels) { images.rows($0) }
  }

  public var count: Int { labels.count }

  /// The images of some examples.
  public func images(_ indices: [Int]) throws -> Tensor { try fetch(indices) }

  /// The order in which epoch `epoch` visits `count` examples: a Fisher-Yates shuffle of its own
  /// for each epoch.
  public static func order(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    var generator = SeededGenerator(RandomKey(seed: seed, purpose: .shuffle, draw: epoch))
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int.random(in: 0...last, using: &generator))
    }
    return order
  }
}
