public import Tensors

/// How a step changes the parameters, as a value; what it remembers is its ``State``.
///
/// With gradient `g`, rate `r` and decay `d`, each element by itself in single precision. Weight
/// decay applies to tensors of two or more axes (weights), not to biases: coupled, `g` becomes
/// `g + d w` first; decoupled, `w` becomes `w - r d w` first.
public struct Optimizer: Sendable, Equatable, Codable {
  /// The update rule.
  public enum Rule: Sendable, Equatable, Codable {
    /// `v = momentum v + g`, `w = w - r v`; with `nesterov` `w = w - r (g + momentum v)`.
    case sgd(momentum: Float, nesterov: Bool)
    /// D. P. Kingma, J. Ba, "Adam", 2015: `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
    /// `w = w - r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)` at step t = 1, 2, ...
    case adam(beta1: Float, beta2: Float, epsilon: Float)
  }

  public var rule: Rule
  /// d above; at least 0.
  public var weightDecay: Float
  /// True: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", 2019.
  public var decoupled: Bool

  public init(_ rule: Rule, weightDecay: Float = 0, decoupled: Bool = false) {
    self.rule = rule
    self.weightDecay = weightDecay
    self.decoupled = decoupled
  }

  /// Stochastic gradient descent with momentum.
  public static func sgd(
    momentum: Float = 0.9, nesterov: Bool = false, weightDecay: Float = 0
  ) -> Optimizer {
    Optimizer(.sgd(momentum: momentum, nesterov: nesterov), weightDecay: weightDecay)
  }

  /// Adam, its weight decay decoupled.
  public static func adam(
    beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0
  ) -> Optimizer {
    Optimizer(
      .adam(beta1: beta1, beta2: beta2, epsilon: epsilon), weightDecay: weightDecay,
      decoupled: true)
  }

  /// What is remembered from step to step.
  public struct State: Sendable, Equatable {
    /// Steps taken.
    public var step: Int
    /// Moments: for each parameter `momentCount` tensors of its shape, one after the other.
    public var moments: [Tensor]

    public init(step: Int, moments: [Tensor]) {
      self.step = step
      self.moments = moments
    }
  }

  /// How many numbers it remembers for each parameter.
  public var momentCount: Int {
    switch rule {
    case .sgd(let momentum, _): momentum == 0 ? 0 : 1
    case .adam: 2
    }
  }

  /// The state before the first step.
  public func initialState(for parameters: [Tensor]) -> State {
    let zeros = parameters.flatMap { parameter in
      (0..<momentCount).map { _ in Tensor(shape: parameter.shape) }
    }
    return State(step: 0, moments: zeros)
  }

  /// One step.
  /// - Parameters:
  ///   - gradients: one buffer a parameter, of its size.
  ///   - rate: the learning rate of this step.
  ///   - state: made by `initialState(for:)` of the same optimizer and shapes.
  ///   - threads: which share the work; the result is the same for any number.
  public func update(
    _ parameters: inout [Tensor], gradients: [UnsafePointer<Float>], rate: Float,
    state: inout State, threads: Int = 1
  ) {
    precondition(gradients.count == parameters.count, "a gradient for every parameter")
    precondition(
      state.moments.map(\.values.count)
        == parameters.flatMap { [Int](repeating: $0.values.count, count: momentCount) },
      "moments of another run")
    state.step += 1
    let step = state.step
    for index in parameters.indices {
      let isWeight = parameters[index].shape.count > 1
      let decay = isWeight ? weightDecay : 0
      let moments = index * momentCount..<(index + 1) * momentCount
      parameters[index].values.withUnsafeMutableBufferPointer { weights in
        state.moments.withUnsafeMutableBufferPointer { tensors in
          Self.withPointers(to: tensors, moments) { moments in
            // Each piece is a range of its own.
            nonisolated(unsafe) let (weights, moments) = (weights, moments)
            nonisolated(unsafe) let gradient = gradients[index]
            let piece = 1 << 15
            concurrently((weights.count + piece - 1) / piece, threads: threads) { number, _ in
              let range = number * piece..<min((number + 1) * piece, weights.count)
              update(
                weights, range, gradient: gradient, moments: moments, rate: rate, decay: decay,
                step: step)
            }
          }
        }
      }
    }
  }

  /// Calls `body` with the addresses of the elements of some of the tensors.
  private static func withPointers(
    to tensors: UnsafeMutableBufferPointer<Tensor>, _ some: Range<Int>,
    _ found: [UnsafeMutablePointer<Float>] = [], _ body: ([UnsafeMutablePointer<Float>]) -> Void
  ) {
    guard let first = some.first else { return body(found) }
    tensors[first].values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      withPointers(to: tensors, some.dropFirst(), found + [base], body)
    }
  }

  /// Updates some elements of a parameter.
  private func update(
    _ weights: UnsafeMutableBufferPointer<Float>, _ range: Range<Int>,
    gradient: UnsafePointer<Float>, moments: [UnsafeMutablePointer<Float>], rate: Float,
    decay: Float, step: Int
  ) {
    let shrink = decoupled ? 1 - rate * decay : 1
    let pull = decoupled ? 0 : decay
    switch rule {
    case .sgd(let momentum, let nesterov):
      guard let velocity = moments.first else {
        for i in range {
          let g = gradient[i] + pull * weights[i]
          weights[i] = weights[i] * shrink - rate * g
        }
        return
      }
      for i in range {
        let g = gradient[i] + pull * weights[i]
        let v = momentum * velocity[i] + g
        velocity[i] = v
        weights[i] = weights[i] * shrink - rate * (nesterov ? g + momentum * v : v)
      }
    case .adam(let beta1, let beta2, let epsilon):
      let unbias1 = 1 / (1 - Self.power(beta1, step))
      let unbias2 = 1 / (1 - Self.power(beta2, step))
      let (m, v) = (moments[0], moments[1])
      for i in range {
        let g = gradient[i] + pull * weights[i]
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * g * g
        weights[i] =
          weights[i] * shrink - rate * (m[i] * unbias1) / ((v[i] * unbias2).squareRoot() + epsilon)
      }
    }
  }

  /// `base` to a whole power, in double precision by squaring: the same on every machine.
  private static func power(_ base: Float, _ exponent: Int) -> Float {
    var (result, factor, rest) = (1.0, Double(base), exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return Float(result)
  }
}
