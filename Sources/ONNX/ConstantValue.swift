import Tensors

/// A tensor that is known before any image is seen: a weight, a shape, an axis.
struct ConstantValue: Sendable, Equatable {
  /// Booleans are the integers 0 and 1.
  enum Elements: Sendable, Equatable {
    case floats([Float])
    case integers([Int])
  }

  /// No axes: a scalar.
  var shape: [Int]
  /// Row-major.
  var elements: Elements

  /// The most elements of a constant.
  static let limit = 1 << 28
  /// The most elements of one constant that is computed, and of all together.
  static let computedLimit = 1 << 24
  static let totalLimit = 1 << 27

  init(shape: [Int], elements: Elements) {
    self.shape = shape
    self.elements = elements
  }

  /// A vector of integers, as shapes and axes are.
  init(_ integers: [Int]) { self.init(shape: [integers.count], elements: .integers(integers)) }

  var count: Int {
    switch elements {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  /// The elements as numbers of single precision.
  var floats: [Float] {
    switch elements {
    case .floats(let values): values
    case .integers(let values): values.map(Float.init)
    }
  }

  /// The elements where they are integers.
  var integers: [Int]? {
    if case .integers(let values) = elements { return values }
    return nil
  }

  /// The elements chosen by index, under another shape.
  func selecting(_ indices: [Int], shape: [Int]) -> ConstantValue {
    switch elements {
    case .floats(let values): .init(shape: shape, elements: .floats(indices.map { values[$0] }))
    case .integers(let values): .init(shape: shape, elements: .integers(indices.map { values[$0] }))
    }
  }

  /// The same elements under another shape of equal count.
  func reshaped(_ shape: [Int]) -> ConstantValue {
    var result = self
    result.shape = shape
    return result
  }
}
