import NeuralNetworks
import Tensors

extension Operator {
  /// Operators whose result is known before an image is seen.
  static let constants: [String: Operator] = [
    "Constant": Operator(constants: constant),
    "ConstantOfShape": Operator { (node) throws(ONNXProblem) in
      guard let shape = try node.optionalIntegers(0) else { throw node.problem("has no shape") }
      let count = try checkedCount(shape, node)
      let value = try node.tensor("value") ?? .init(shape: [1], elements: .floats([0]))
      guard value.count == 1 else { throw node.problem("attribute 'value' is not one number") }
      return [value.selecting([Int](repeating: 0, count: count), shape: shape)]
    },
    "Shape": Operator(.builds) { (node, _) throws(ONNXProblem) in
      let shape = try node.input(0).shape
      func position(_ stated: Int) -> Int {
        min(max(stated < 0 ? stated &+ shape.count : stated, 0), shape.count)
      }
      let start = position(try node.integer("start", default: 0))
      let end = position(try node.integer("end", default: shape.count))
      return [.constant(ConstantValue(Array(shape[start..<max(start, end)])))]
    },
    "Size": Operator(.builds) { (node, _) throws(ONNXProblem) in
      let count = try node.input(0).shape.elementCount
      return [.constant(.init(shape: [], elements: .integers([count])))]
    },
    "Range": Operator { (node) throws(ONNXProblem) in
      guard let start = try node.optionalIntegers(0)?.first,
        let limit = try node.optionalIntegers(1)?.first,
        let step = try node.optionalIntegers(2)?.first, step != 0,
        start.magnitude < 1 << 40, limit.magnitude < 1 << 40, step.magnitude < 1 << 40,
        (limit - start) / step <= ConstantValue.computedLimit
      else { throw node.problem("only ranges of integers are supported") }
      return [ConstantValue(Array(stride(from: start, to: limit, by: step)))]
    },
    "Cast": Operator(.computes(cast)) { (node, _) throws(ONNXProblem) in
      let target = try node.integer("to")
      guard floatTypes.contains(target) else {
        throw node.problem("casts what depends on the image to integers")
      }
      return [try node.input(0)]
    },
    "CastLike": Operator(.builds) { (node, _) throws(ONNXProblem) in [try node.input(0)] },
    "Equal": comparison { $0 == $1 },
    "Greater": comparison { $0 > $1 },
    "GreaterOrEqual": comparison { $0 >= $1 },
    "Less": comparison { $0 < $1 },
    "LessOrEqual": comparison { $0 <= $1 },
    "And": comparison { $0 != 0 && $1 != 0 },
    "Or": comparison { $0 != 0 || $1 != 0 },
    "Not": Operator { (node) throws(ONNXProblem) in
      let value = try node.constant(0)
      let flipped = value.floats.map { $0 == 0 ? 1 : 0 }
      return [.init(shape: value.shape, elements: .integers(flipped))]
    },
    "Where": Operator(constants: choose),
  ]

  /// Codes of the floating-point types.
  static let floatTypes: Set<Int> = [1, 10, 11, 16]

  private static func checkedCount(_ shape: [Int], _ node: Node) throws(ONNXProblem) -> Int {
    guard let count = shape.checkedElementCount, count <= ConstantValue.computedLimit else {
      throw node.problem("would yield shape \(shape)")
    }
    return count
  }

  @Sendable private static func constant(_ node: Node) throws(ONNXProblem) -> [ConstantValue] {
    if let value = try node.tensor("value") { return [value] }
    if node.has("value_float") {
      return [.init(shape: [], elements: .floats([try node.float("value_float")]))]
    }
    if node.has("value_int") {
      return [.init(shape: [], elements: .integers([try node.integer("value_int")]))]
    }
    if let values = node.floats("value_floats") {
      return [.init(shape: [values.count], elements: .floats(values))]
    }
    if let values = try node.integers("value_ints") { return [ConstantValue(values)] }
    throw node.problem("has no value that is a number")
  }

  @Sendable private static func cast(_ node: Node) throws(ONNXProblem) -> [ConstantValue] {
    var value = try node.constant(0)
    let target = try node.integer("to")
    if floatTypes.contains(target) {
      value.elements = .floats(value.floats)
    } else if target == 9 {
      value.elements = .integers(value.floats.map { $0 == 0 ? 0 : 1 })
    } else if value.integers == nil {
      var integers: [Int] = []
      for number in value.floats {
        guard let integer = Int(exactly: number.rounded(.towardZero)) else {
          throw node.problem("\(number) is no integer")
        }
        integers.append(integer)
      }
      value.elements = .integers(integers)
    }
    return [value]
  }

  private static func comparison(_ holds: @escaping @Sendable (Double, Double) -> Bool) -> Operator
  {
    Operator { (node) throws(ONNXProblem) in
      let (a, b) = (try node.constant(0), try node.constant(1))
      let pairs = try BroadcastPairs(a, b, node)
      func numbers(_ value: ConstantValue) -> [Double] {
        value.integers?.map(Double.init) ?? value.floats.map(Double.init)
      }
      let (x, y) = (numbers(a), numbers(b))
      return [
        .init(
          shape: pairs.shape, elements: .integers(pairs.indices.map { holds(x[$0], y[$1]) ? 1 : 0 })
        )
      ]
    }
  }

  @Sendable private static func choose(_ node: Node) throws(ONNXProblem) -> [ConstantValue] {
    let (condition, a, b) = (try node.constant(0), try node.constant(1), try node.constant(2))
    let values = try BroadcastPairs(a, b, node)
    guard let shape = condition.shape.broadcast(with: values.shape) else {
      throw node.problem("shapes \(condition.shape) and \(values.shape) do not broadcast")
    }
    _ = try checkedCount(shape, node)
    let tests = condition.floats
    let triples = Array(
      zip(
        condition.shape.broadcastIndices(to: shape),
        zip(a.shape.broadcastIndices(to: shape), b.shape.broadcastIndices(to: shape))))
    if let x = a.integers, let y = b.integers {
      let chosen = triples.map { tests[$0] != 0 ? x[$1.0] : y[$1.1] }
      return [.init(shape: shape, elements: .integers(chosen))]
    }
    let (x, y) = (a.floats, b.floats)
    return [
      .init(
        shape: shape, elements: .floats(triples.map { tests[$0] != 0 ? x[$1.0] : y[$1.1] }))
    ]
  }
}
