internal import Files
internal import Imaging
public import Tensors

/// Images and their labels, kept as they are stored and turned into numbers on demand.
public struct Dataset: Sendable {
  /// The folder's or file's own name.
  public let name: String
  /// Where it was read from, as the user wrote it.
  public let path: String
  /// The part of the data set, such as `test`; empty where a file has no parts.
  public let split: String
  /// SHA-256 of the file; of several files, that of the lines `<digest>  <name>` that `sha256sum`
  /// prints for them, in the order of reading.
  public let sha256: String
  /// How many classes there are, at least the largest label and one more.
  public let classCount: Int
  /// `[channels, height, width]` of one image.
  public let shape: [Int]
  /// The class of each image, 0 to `classCount - 1`.
  public let labels: [Int]
  /// The values that black and white stand for.
  public let range: ClosedRange<Float>
  /// The elements of all images, `[count, channels, height, width]`.
  let pixels: Pixels

  enum Pixels: Sendable {
    /// Level 0 to 255 of the range.
    case bytes([UInt8])
    /// Values that are in the range already.
    case floats([Float])

    var count: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .floats(let floats): floats.count
      }
    }
  }

  /// How many images there are.
  public var count: Int { labels.count }

  /// Wraps bytes that stand for levels of `range`: 0 is its lower end, 255 the upper one.
  ///
  /// - Parameters:
  ///   - bytes: `[count, channels, height, width]`.
  ///   - shape: `[channels, height, width]`.
  ///   - labels: One for each image, 0 to `classCount - 1`.
  public init(
    name: String, bytes: [UInt8], shape: [Int], labels: [Int], classCount: Int,
    range: ClosedRange<Float> = 0...1
  ) {
    self.init(
      name: name, path: name, split: "", sha256: Files.sha256(of: bytes), classCount: classCount,
      shape: shape, labels: labels, range: range, pixels: .bytes(bytes))
  }

  init(
    name: String, path: String, split: String, sha256: String, classCount: Int, shape: [Int],
    labels: [Int], range: ClosedRange<Float>, pixels: Pixels
  ) {
    precondition(shape.count == 3, "an image is [channels, height, width], not \(shape)")
    precondition(
      pixels.count == labels.count * shape.elementCount,
      "\(labels.count) images of shape \(shape) do not have \(pixels.count) elements")
    precondition(labels.allSatisfy { 0..<classCount ~= $0 }, "a label is not below \(classCount)")
    self.name = name
    self.path = path
    self.split = split
    self.sha256 = sha256
    self.classCount = classCount
    self.shape = shape
    self.labels = labels
    self.range = range
    self.pixels = pixels
  }

  /// Chosen images in the order given: `[indices.count, channels, height, width]` in ``range``.
  ///
  /// A stored byte becomes `lower + (upper - lower) * byte / 255`, see `PixelScale`.
  public func images(_ indices: some Collection<Int>) -> Tensor {
    let size = shape.elementCount
    let total = count
    return Tensor(shape: [indices.count] + shape) { target in
      var position = 0
      func slot(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(index >= 0 && index < total, "image \(index) of \(total)")
        defer { position += size }
        return UnsafeMutableBufferPointer(rebasing: target[position..<position + size])
      }
      switch pixels {
      case .bytes(let bytes):
        let table = PixelScale(range: range).table
        bytes.withUnsafeBufferPointer { source in
          table.withUnsafeBufferPointer { values in
            for index in indices {
              let to = slot(index)
              let from = UnsafeBufferPointer(
                rebasing: source[index * size..<(index + 1) * size])
              for element in 0..<size { to[element] = values[Int(from[element])] }
            }
          }
        }
      case .floats(let floats):
        floats.withUnsafeBufferPointer { source in
          for index in indices {
            _ = slot(index).update(fromContentsOf: source[index * size..<(index + 1) * size])
          }
        }
      }
    }
  }
}
