public import Tensors

/// Examples side by side, and who they are.
public struct Batch: Sendable {
  /// `[count, inputShape...]`, in the units of the data.
  public var images: Tensor
  /// The index of each example in its data set: the key of everything random about it.
  public var indices: [Int]

  public init(images: Tensor, indices: [Int]) {
    precondition(images.rowCount == indices.count, "an index for every image")
    self.images = images
    self.indices = indices
  }

  public var count: Int { indices.count }

  /// The same examples with other pixels.
  public func with(images: Tensor) -> Batch { Batch(images: images, indices: indices) }

  /// Some of the examples, by position.
  public func selecting(_ positions: [Int]) -> Batch {
    Batch(images: images.rows(positions), indices: positions.map { indices[$0] })
  }
}
