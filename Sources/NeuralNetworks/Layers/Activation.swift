internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// A function applied to every element.
public struct Activation: FusibleLayer {
  public static let kind = "activation"

  /// The functions; parameters are those of the ONNX operators of the same names.
  public enum Function: Sendable, Hashable, Codable {
    case relu
    case leakyReLU(slope: Float)
    case sigmoid
    case tanh
    case elu(alpha: Float)
    case softplus
    case hardSigmoid(alpha: Float, beta: Float)
    case hardSwish
    case clip(low: Float, high: Float)
    /// x Phi(x), exact.
    case gelu
    case erf
    case exp
    case log
    case squareRoot
    case reciprocal
    case power(exponent: Float)
    case absolute
    /// x sigmoid(x)
    case silu
  }

  public var function: Function

  public init(_ function: Function) { self.function = function }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] { try single(inputs) }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    inputs[0].map(function.value)
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    ActivationOperation(function: function, size: inputs[0].elementCount)
  }

  /// The maximum of rectified values is the rectified maximum, of fewer values.
  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    guard function == .relu, var pool = next as? MaxPool else { return nil }
    pool.rectified = true
    return [pool]
  }
}

extension Activation.Function {
  /// The function in double precision.
  func value(_ x: Double) -> Double {
    switch self {
    case .relu: x > 0 ? x : (x.isNaN ? x : 0)
    case .leakyReLU(let slope): x > 0 ? x : x * Double(slope)
    case .sigmoid: Self.sigmoid(x)
    case .tanh: Glibc.tanh(x)
    case .elu(let alpha): x > 0 ? x : Double(alpha) * expm1(x)
    case .softplus: max(x, 0) + log1p(Glibc.exp(-abs(x)))
    case .hardSigmoid(let alpha, let beta): min(max(Double(alpha) * x + Double(beta), 0), 1)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .clip(let low, let high): x.isNaN ? x : min(max(x, Double(low)), Double(high))
    case .gelu: x * Self.normal(x)
    case .erf: Glibc.erf(x)
    case .exp: Glibc.exp(x)
    case .log: Glibc.log(x)
    case .squareRoot: x.squareRoot()
    case .reciprocal: 1 / x
    case .power(let exponent): pow(x, Double(exponent))
    case .absolute: abs(x)
    case .silu: x * Self.sigmoid(x)
    }
  }

  /// The derivative at `x`, where `y` is the function there. At kinks: the limit from the left for
  /// ReLU and its kin (0 at 0), 0 where a clip holds.
  func derivative(_ x: Double, _ y: Double) -> Double {
    switch self {
    case .relu: x > 0 ? 1 : 0
    case .leakyReLU(let slope): x > 0 ? 1 : Double(slope)
    case .sigmoid: y * (1 - y)
    case .tanh: 1 - y * y
    case .elu(let alpha): x > 0 ? 1 : y + Double(alpha)
    case .softplus: Self.sigmoid(x)
    case .hardSigmoid(let alpha, _): y > 0 && y < 1 ? Double(alpha) : 0
    case .hardSwish: x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
    case .clip(let low, let high): x > Double(low) && x < Double(high) ? 1 : 0
    case .gelu: Self.normal(x) + x * Glibc.exp(-x * x / 2) * 0.3989422804014327
    case .erf: 1.1283791670955126 * Glibc.exp(-x * x)
    case .exp: y
    case .log: 1 / x
    case .squareRoot: 0.5 / y
    case .reciprocal: -y * y
    case .power(let exponent): Double(exponent) * pow(x, Double(exponent) - 1)
    case .absolute: x > 0 ? 1 : x < 0 ? -1 : 0
    case .silu: Self.sigmoid(x) * (1 + x * (1 - Self.sigmoid(x)))
    }
  }

  private static func sigmoid(_ x: Double) -> Double {
    x >= 0 ? 1 / (1 + Glibc.exp(-x)) : Glibc.exp(x) / (1 + Glibc.exp(x))
  }
  private static func normal(_ x: Double) -> Double { erfc(-x * 0.7071067811865476) / 2 }
}

private struct ActivationOperation: Operation {
  let function: Activation.Function
  let size: Int

  var backwardReads: BackwardReads { function == .relu ? [.output] : [.inputs, .output] }

  func forward(_ call: Call) {
    let count = call.count * size
    let (x, y) = (call.inputs[0], call.output)
    switch function {
    case .relu: rectify(x, count: count, into: y)
    case .leakyReLU(let slope): for i in 0..<count { y[i] = x[i] > 0 ? x[i] : x[i] * slope }
    default: for i in 0..<count { y[i] = Float(function.value(Double(x[i]))) }
    }
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    let count = call.count * size
    let (x, y, gradient) = (call.inputs[0], call.output, call.outputGradient)
    switch function {
    case .relu: rectifierGradient(gradient, at: y, count: count, into: target)
    case .leakyReLU(let slope):
      for i in 0..<count { target[i] = x[i] > 0 ? gradient[i] : gradient[i] * slope }
    default:
      for i in 0..<count {
        target[i] = Float(Double(gradient[i]) * function.derivative(Double(x[i]), Double(y[i])))
      }
    }
  }
}
