import Foundation
import NeuralNetworks
import Tensors

extension Operator {
  /// Arithmetic of two or more tensors.
  static let arithmetic: [String: Operator] = [
    "Add": binary(.add) {
      $0 + $1
    } integers: {
      $0 &+ $1
    },
    "Sub": binary(.subtract) {
      $0 - $1
    } integers: {
      $0 &- $1
    },
    "Mul": binary(.multiply) {
      $0 * $1
    } integers: {
      $0 &* $1
    },
    "Div": binary(.divide) {
      $0 / $1
    } integers: {
      $1 == 0 ? nil : $0.dividedReportingOverflow(by: $1).partialValue
    },
    "Sum": folding(.add) {
      $0 + $1
    } integers: {
      $0 &+ $1
    },
    "Max": folding(.maximum) {
      max($0, $1)
    } integers: {
      max($0, $1)
    },
    "Min": folding(.minimum) {
      min($0, $1)
    } integers: {
      min($0, $1)
    },
    "Mean": Operator { (node, builder) throws(ONNXProblem) in
      let sum = try folded(.add, node, &builder)
      return [.activation(try builder.scale(sum, by: 1 / Float(node.inputs.count), for: node))]
    },
    "Pow": Operator(
      .computes { (node) throws(ONNXProblem) in
        [
          try elementwise(node) {
            pow($0, $1)
          } integers: {
            Int(exactly: pow(Double($0), Double($1)))
          }
        ]
      }, power),
    "Mod": Operator { (node) throws(ONNXProblem) in
      [
        try elementwise(node) {
          fmod($0, $1)
        } integers: { a, b in
          guard b != 0, b != -1 else { return b == 0 ? nil : 0 }
          let rest = a % b
          return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
        }
      ]
    },
  ]

  private typealias Floats = @Sendable (Double, Double) -> Double
  /// Nil where there is no answer, as for a division by zero.
  private typealias Integers = @Sendable (Int, Int) -> Int?

  private static func binary(
    _ function: Arithmetic.Function, floats: @escaping Floats, integers: @escaping Integers
  ) -> Operator {
    Operator(
      .computes { (node) throws(ONNXProblem) in
        [try elementwise(node, floats: floats, integers: integers)]
      }
    ) { (node, builder) throws(ONNXProblem) in
      [.activation(try combine(function, try node.input(0), try node.input(1), node, &builder))]
    }
  }

  /// An operator with any number of inputs.
  private static func folding(
    _ function: Arithmetic.Function, floats: @escaping Floats, integers: @escaping Integers
  ) -> Operator {
    Operator(
      .computes { (node) throws(ONNXProblem) in
        var result = try node.constant(0)
        for index in node.inputs.indices.dropFirst() {
          var pair = node
          pair.inputs = [.constant(result), node.inputs[index]]
          result = try elementwise(pair, floats: floats, integers: integers)
        }
        return [result]
      }
    ) { (node, builder) throws(ONNXProblem) in
      [.activation(try folded(function, node, &builder))]
    }
  }

  private static func folded(
    _ function: Arithmetic.Function, _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> Activated {
    var result = try node.input(0)
    for index in node.inputs.indices.dropFirst() {
      result = .activation(
        try combine(function, result, try node.input(index), node, &builder))
    }
    return try builder.activation(result, for: node)
  }

  /// Arithmetic of two values, at least one of which depends on the image.
  static func combine(
    _ function: Arithmetic.Function, _ left: Value, _ right: Value, _ node: Node,
    _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> Activated {
    switch (left, right) {
    case (.activation(let x), .constant(let c)):
      return try combine(function, x, with: c, node, &builder)
    case (.constant(let c), .activation(let x)):
      switch function {
      case .subtract:
        let negative = try builder.scale(x, by: -1, for: node)
        return try combine(.add, negative, with: c, node, &builder)
      case .divide:
        let inverse = try builder.apply(.reciprocal, to: x, for: node)
        return try combine(.multiply, inverse, with: c, node, &builder)
      default: return try combine(function, x, with: c, node, &builder)
      }
    default:
      return try builder.combine(
        function, try builder.activation(left, for: node), try builder.activation(right, for: node),
        for: node)
    }
  }

  /// Arithmetic with a constant: an ``Affine`` where it has one factor for each index of an axis.
  static func combine(
    _ function: Arithmetic.Function, _ x: Activated, with constant: ConstantValue, _ node: Node,
    _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> Activated {
    guard let shape = x.shape.broadcast(with: constant.shape) else {
      throw node.problem("shapes \(x.shape) and \(constant.shape) do not broadcast")
    }
    let values = constant.floats
    let padded = [Int](repeating: 1, count: shape.count - constant.shape.count) + constant.shape
    let long = padded.indices.filter { padded[$0] != 1 }
    if shape.elementCount == x.shape.elementCount, long.count <= 1, !values.isEmpty,
      let (scale, shift) = affine(function, values)
    {
      guard scale.allSatisfy(\.isFinite), shift.allSatisfy(\.isFinite) else {
        throw node.problem("its constant makes numbers that are not finite")
      }
      let view = Activated(number: x.number, shape: shape)
      guard let axis = long.first else {
        return try builder.scale(view, by: scale[0], plus: shift[0], for: node)
      }
      let input = try builder.read(view, axis: axis, for: node)
      let layer = Affine(scale: scale, shift: shift, axis: input.axis)
      return Activated(
        number: try builder.append(layer, reading: [input.number], for: node), shape: shape)
    }
    if let bound = values.first, values.count == 1, shape == x.shape {
      let greatest = Float.greatestFiniteMagnitude
      if function == .maximum {
        return try builder.apply(
          bound == 0 ? .relu : .clip(low: bound, high: greatest), to: x, for: node)
      }
      if function == .minimum {
        return try builder.apply(.clip(low: -greatest, high: bound), to: x, for: node)
      }
    }
    return try builder.combine(
      function, x, try builder.activation(.constant(constant), for: node), for: node)
  }

  /// The function as a factor and a summand, where it is one.
  private static func affine(
    _ function: Arithmetic.Function, _ values: [Float]
  ) -> (scale: [Float], shift: [Float])? {
    let (ones, zeros) = (values.map { _ in Float(1) }, values.map { _ in Float(0) })
    switch function {
    case .add: return (ones, values)
    case .subtract: return (ones, values.map { -$0 })
    case .multiply: return (values, zeros)
    case .divide: return (values.map { 1 / $0 }, zeros)
    case .maximum, .minimum: return nil
    }
  }

  @Sendable private static func power(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    guard case .activation(let x) = try node.input(0), let exponent = try node.optionalScalar(1)
    else { throw node.problem("only a constant exponent is supported") }
    switch exponent {
    case 1: return [.activation(x)]
    case 2: return [.activation(try builder.combine(.multiply, x, x, for: node))]
    case 0.5: return [.activation(try builder.apply(.squareRoot, to: x, for: node))]
    default:
      return [.activation(try builder.apply(.power(exponent: exponent), to: x, for: node))]
    }
  }

  /// Arithmetic of two constants; of integers, where both are.
  private static func elementwise(
    _ node: Node, floats: Floats, integers: Integers
  ) throws(ONNXProblem) -> ConstantValue {
    let (a, b) = (try node.constant(0), try node.constant(1))
    let pairs = try BroadcastPairs(a, b, node)
    if let x = a.integers, let y = b.integers {
      var values: [Int] = []
      for (left, right) in pairs.indices {
        guard let value = integers(x[left], y[right]) else {
          throw node.problem("\(x[left]) and \(y[right]) have no result")
        }
        values.append(value)
      }
      return .init(shape: pairs.shape, elements: .integers(values))
    }
    let (x, y) = (a.floats, b.floats)
    return .init(
      shape: pairs.shape,
      elements: .floats(pairs.indices.map { Float(floats(Double(x[$0]), Double(y[$1]))) }))
  }
}

/// Which elements of two constants meet when their shapes broadcast.
struct BroadcastPairs {
  let shape: [Int]
  let indices: [(Int, Int)]

  init(_ a: ConstantValue, _ b: ConstantValue, _ node: Node) throws(ONNXProblem) {
    guard let shape = a.shape.broadcast(with: b.shape), let count = shape.checkedElementCount,
      count <= ConstantValue.computedLimit
    else { throw node.problem("shapes \(a.shape) and \(b.shape) do not broadcast") }
    self.shape = shape
    indices = Array(
      zip(a.shape.broadcastIndices(to: shape), b.shape.broadcastIndices(to: shape)))
  }
}
