internal import Files
public import Tensors

/// An array as NumPy stores it, in C order.
public struct NumpyArray: Sendable, Equatable {
  /// The elements by their type.
  public enum Values: Sendable, Equatable {
    case uint8([UInt8])
    case int32([Int32])
    /// Also what every other width of integers becomes when it is read.
    case int64([Int64])
    /// Also what half precision becomes when it is read.
    case float32([Float])
    case float64([Double])

    /// How many elements there are.
    public var count: Int {
      switch self {
      case .uint8(let values): values.count
      case .int32(let values): values.count
      case .int64(let values): values.count
      case .float32(let values): values.count
      case .float64(let values): values.count
      }
    }

    /// NumPy's name of the type.
    public var typeName: String {
      switch self {
      case .uint8: "uint8"
      case .int32: "int32"
      case .int64: "int64"
      case .float32: "float32"
      case .float64: "float64"
      }
    }
  }

  /// The extent of each axis; empty for a scalar.
  public let shape: [Int]
  /// The elements, last axis fastest.
  public let values: Values

  /// Wraps elements, whose count must be the product of `shape`.
  public init(shape: [Int], _ values: Values) {
    precondition(
      shape.elementCount == values.count, "shape \(shape) does not hold \(values.count) values")
    self.shape = shape
    self.values = values
  }

  /// A tensor as an array of float32.
  public init(_ tensor: Tensor) {
    self.init(shape: tensor.shape, .float32(tensor.values))
  }

  /// A list of numbers as an array of int64.
  public init(_ list: [Int]) {
    self.init(shape: [list.count], .int64(list.map { Int64($0) }))
  }

  /// The elements as integers, or nil where their type is another.
  public var integers: [Int]? {
    switch values {
    case .uint8(let values): values.map(Int.init)
    case .int32(let values): values.map(Int.init)
    case .int64(let values): values.map(Int.init)
    case .float32, .float64: nil
    }
  }

  /// Reads a `.npy` file, plain or compressed with gzip.
  ///
  /// - Throws: ``DatasetError`` for anything but numbers, or a file cut off.
  public static func read(_ path: String) throws(DatasetError) -> NumpyArray {
    let bytes = try readingFiles { () throws(FileError) in try readFile(path) }
    return try NumpyArray(npy: bytes[...], path: path, place: "the array")
  }
}
