import NeuralNetworks
import Tensors

extension Operator {
  /// Functions of one element.
  static let activations: [String: Operator] = [
    "Relu": elementwise { _ in .relu },
    "LeakyRelu": elementwise { (node) throws(ONNXProblem) in
      .leakyReLU(slope: try node.float("alpha", default: 0.01))
    },
    "Sigmoid": elementwise { _ in .sigmoid },
    "Tanh": elementwise { _ in .tanh },
    "Elu": elementwise { (node) throws(ONNXProblem) in
      .elu(alpha: try node.float("alpha", default: 1))
    },
    "Softplus": elementwise { _ in .softplus },
    "HardSigmoid": elementwise { (node) throws(ONNXProblem) in
      .hardSigmoid(
        alpha: try node.float("alpha", default: 0.2), beta: try node.float("beta", default: 0.5))
    },
    "HardSwish": elementwise { _ in .hardSwish },
    "Erf": elementwise { _ in .erf },
    "Exp": elementwise { _ in .exp },
    "Log": elementwise { _ in .log },
    "Sqrt": elementwise { _ in .squareRoot },
    "Reciprocal": elementwise { _ in .reciprocal },
    "Abs": elementwise { _ in .absolute },
    "Clip": elementwise(clip),
    "Neg": Operator(.computes(negate)) { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      return [.activation(try builder.scale(x, by: -1, for: node))]
    },
    "Selu": Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      let elu = try builder.apply(
        .elu(alpha: try node.float("alpha", default: 1.6732632)), to: x, for: node)
      let gamma = try node.float("gamma", default: 1.0507009)
      return [.activation(try builder.scale(elu, by: gamma, for: node))]
    },
    "Gelu": Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      guard try node.string("approximate", default: "none") == "tanh" else {
        return [.activation(try builder.apply(.gelu, to: x, for: node))]
      }
      // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
      let cube = try builder.combine(
        .multiply, x, try builder.combine(.multiply, x, x, for: node), for: node)
      let sum = try builder.combine(
        .add, x, try builder.scale(cube, by: 0.044715, for: node), for: node)
      let tanh = try builder.apply(
        .tanh, to: try builder.scale(sum, by: 0.7978846, for: node), for: node)
      let gate = try builder.scale(tanh, by: 0.5, plus: 0.5, for: node)
      return [.activation(try builder.combine(.multiply, x, gate, for: node))]
    },
    // max(x, 0) - slope max(-x, 0)
    "PRelu": Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      let negative = try builder.apply(
        .relu, to: try builder.scale(x, by: -1, for: node), for: node)
      let bent = try combine(.multiply, negative, with: try node.constant(1), node, &builder)
      let positive = try builder.apply(.relu, to: x, for: node)
      return [.activation(try builder.combine(.subtract, positive, bent, for: node))]
    },
  ]

  private static func elementwise(
    _ function: @escaping @Sendable (Node) throws(ONNXProblem) -> Activation.Function
  ) -> Operator {
    Operator { (node, builder) throws(ONNXProblem) in
      let x = try builder.activation(try node.input(0), for: node)
      return [.activation(try builder.apply(try function(node), to: x, for: node))]
    }
  }

  @Sendable private static func clip(_ node: Node) throws(ONNXProblem) -> Activation.Function {
    let greatest = Float.greatestFiniteMagnitude
    let low: Float, high: Float
    if node.opset < 11 {
      low = try node.float("min", default: -greatest)
      high = try node.float("max", default: greatest)
    } else {
      low = try node.optionalScalar(1) ?? -greatest
      high = try node.optionalScalar(2) ?? greatest
    }
    guard low <= high else { throw node.problem("clips to the empty interval \(low) ... \(high)") }
    if low == 0 && high >= greatest { return .relu }
    return .clip(low: max(low, -greatest), high: min(high, greatest))
  }

  @Sendable private static func negate(_ node: Node) throws(ONNXProblem) -> [ConstantValue] {
    var value = try node.constant(0)
    switch value.elements {
    case .floats(let values): value.elements = .floats(values.map { -$0 })
    case .integers(let values): value.elements = .integers(values.map { 0 &- $0 })
    }
    return [value]
  }
}
