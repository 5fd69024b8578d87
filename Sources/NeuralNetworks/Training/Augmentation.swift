public import Tensors

/// Random changes of training images `[count, channels, height, width]` that keep their class.
///
/// What happens to an example in an epoch is keyed by both, so it depends on nothing else. Where
/// batches are samples, an epoch is as many steps as would visit all examples once: one that is
/// sampled twice in them has the same image both times.
public struct Augmentation: Sendable, Equatable, Codable {
  /// The most pixels an image moves along each axis; what comes in is `fill`.
  public var shift: Int
  /// True: half of the images are mirrored left to right.
  public var flips: Bool
  /// The value of pixels that come in from outside.
  public var fill: Float

  public init(shift: Int = 0, flips: Bool = false, fill: Float = 0) {
    self.shift = shift
    self.flips = flips
    self.fill = fill
  }

  /// The images of examples `indices`, changed for epoch `epoch`.
  public func apply(to images: Tensor, indices: [Int], seed: UInt64, epoch: Int) -> Tensor {
    precondition(images.shape.count == 4, "images have four axes, not \(images.shape)")
    guard shift > 0 || flips else { return images }
    let (height, width) = (images.shape[2], images.shape[3])
    var result = images
    for (position, index) in indices.enumerated() {
      var generator = SeededGenerator(
        RandomKey(seed: seed, purpose: .augmentation, example: index, draw: epoch))
      let down = Int.random(in: -shift...shift, using: &generator)
      let right = Int.random(in: -shift...shift, using: &generator)
      let mirrored = flips && Bool.random(using: &generator)
      let source = images.row(position)
      result.withRow(position) { target in
        for row in 0..<images.shape[1] * height {
          let y = row % height - down
          for x in 0..<width {
            let from = (mirrored ? width - 1 - x : x) - right
            let inside = y >= 0 && y < height && from >= 0 && from < width
            target[row * width + x] =
              inside ? source[source.startIndex + (row - down) * width + from] : fill
          }
        }
      }
    }
    return result
  }
}
