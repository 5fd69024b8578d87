import NeuralNetworks
import Tensors

extension Layout {
  /// The layouts under which an input of shape `input` (without the batch axis) can hold an image
  /// of shape `[channels, height, width]`; those that come to the same elements in the same order
  /// count once, except that the two flat ones stay apart when asked for by name.
  static func possible(input: [Int], image: [Int]) -> [Layout] {
    let (channels, height, width) = (image[0], image[1], image[2])
    let significant = input.filter { $0 != 1 }
    var result: [Layout] = []
    if significant == [channels, height, width].filter({ $0 != 1 }) { result.append(.nchw) }
    if significant == [height, width, channels].filter({ $0 != 1 }) {
      // With one channel the two are the same.
      if channels != 1 || result.isEmpty { result.append(.nhwc) }
    }
    if result.isEmpty && significant == [channels * height * width].filter({ $0 != 1 }) {
      result.append(.flat)
    }
    return result
  }

  /// The order of the axes of `[channels, height, width]`.
  var permutation: [Int] {
    switch self {
    case .nchw, .flat: [0, 1, 2]
    case .nhwc: [1, 2, 0]
    case .flatColumnMajor: [0, 2, 1]
    }
  }

  /// True where an input of this shape can be in this layout.
  func fits(input: [Int], image: [Int]) -> Bool {
    switch self {
    case .flat, .flatColumnMajor: input.filter({ $0 != 1 }).count <= 1
    case .nchw, .nhwc:
      input.filter { $0 != 1 } == permutation.map { image[$0] }.filter { $0 != 1 }
    }
  }
}
