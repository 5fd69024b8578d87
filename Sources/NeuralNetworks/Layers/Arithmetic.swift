internal import Tensors

/// Elementwise arithmetic of two values whose shapes broadcast.
///
/// The gradient of an extreme goes to the first value where both are equal.
public struct Arithmetic: Layer {
  public static let kind = "arithmetic"
  public enum Function: String, Sendable, Codable {
    case add, subtract, multiply, divide, maximum, minimum
  }
  public var function: Function

  public init(_ function: Function) { self.function = function }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    guard inputs.count == 2 else { throw ShapeError("takes two inputs, got \(inputs.count)") }
    guard let shape = inputs[0].broadcast(with: inputs[1]) else {
      throw ShapeError("shapes \(inputs[0]) and \(inputs[1]) do not broadcast")
    }
    return shape
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let (a, b) = (inputs[0], inputs[1])
    let shape = checked { () throws(ShapeError) in try outputShape(for: [a.shape, b.shape]) }
    let left = shape.offsets(strides: a.shape.broadcastStrides(to: shape))
    let right = shape.offsets(strides: b.shape.broadcastStrides(to: shape))
    return ReferenceTensor(
      shape: shape,
      values: zip(left, right).map { left, right in
        let (x, y) = (a.values[left], b.values[right])
        switch function {
        case .add: return x + y
        case .subtract: return x - y
        case .multiply: return x * y
        case .divide: return x / y
        case .maximum: return max(x, y)
        case .minimum: return min(x, y)
        }
      })
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    let shape = checked { () throws(ShapeError) in try outputShape(for: inputs) }
    return ArithmeticOperation(
      function: function, size: shape.elementCount,
      left: .init(inputs[0], in: shape), right: .init(inputs[1], in: shape))
  }
}

private struct ArithmeticOperation: Operation {
  /// One of the two operands of an example.
  struct Operand {
    let size: Int
    /// The element that each element of the result reads; nil: the one of the same number.
    let sources: [Int]?

    init(_ shape: [Int], in result: [Int]) {
      size = shape.elementCount
      sources =
        size == result.elementCount
        ? nil : result.offsets(strides: shape.broadcastStrides(to: result))
    }
  }

  let function: Arithmetic.Function
  let size: Int
  let left: Operand, right: Operand

  var backwardReads: BackwardReads {
    function == .add || function == .subtract ? [] : [.inputs]
  }

  func forward(_ call: Call) {
    if function == .add && left.sources == nil && right.sources == nil {
      call.output.update(from: call.inputs[0], count: call.count * size)
      add(call.inputs[1], to: call.output, count: call.count * size)
      return
    }
    switch function {
    case .add: combine(call) { $0 + $1 }
    case .subtract: combine(call) { $0 - $1 }
    case .multiply: combine(call) { $0 * $1 }
    case .divide: combine(call) { $0 / $1 }
    case .maximum: combine(call) { $0 >= $1 ? $0 : $1 }
    case .minimum: combine(call) { $0 <= $1 ? $0 : $1 }
    }
  }

  @inline(__always)
  private func combine(_ call: Call, _ function: (Float, Float) -> Float) {
    for example in 0..<call.count {
      let a = call.inputs[0] + example * left.size
      let b = call.inputs[1] + example * right.size
      let y = call.output + example * size
      switch (left.sources, right.sources) {
      case (nil, nil): for i in 0..<size { y[i] = function(a[i], b[i]) }
      case (nil, let right?): for i in 0..<size { y[i] = function(a[i], b[right[i]]) }
      case (let left?, nil): for i in 0..<size { y[i] = function(a[left[i]], b[i]) }
      case (let left?, let right?): for i in 0..<size { y[i] = function(a[left[i]], b[right[i]]) }
      }
    }
  }

  func backward(_ call: Call) {
    switch function {
    case .add:
      pull(call, 0, left) { gradient, _, _ in gradient }
      pull(call, 1, right) { gradient, _, _ in gradient }
    case .subtract:
      pull(call, 0, left) { gradient, _, _ in gradient }
      pull(call, 1, right) { gradient, _, _ in -gradient }
    case .multiply:
      pull(call, 0, left) { gradient, _, b in gradient * b }
      pull(call, 1, right) { gradient, a, _ in gradient * a }
    case .divide:
      pull(call, 0, left) { gradient, _, b in gradient / b }
      pull(call, 1, right) { gradient, a, b in -gradient * a / (b * b) }
    case .maximum:
      pull(call, 0, left) { gradient, a, b in a >= b ? gradient : 0 }
      pull(call, 1, right) { gradient, a, b in a >= b ? 0 : gradient }
    case .minimum:
      pull(call, 0, left) { gradient, a, b in a <= b ? gradient : 0 }
      pull(call, 1, right) { gradient, a, b in a <= b ? 0 : gradient }
    }
  }

  /// The gradient of one operand, summed over the elements of the result that read it.
  @inline(__always)
  private func pull(
    _ call: Call, _ index: Int, _ operand: Operand, _ share: (Float, Float, Float) -> Float
  ) {
    guard let target = call.inputGradients[index] else { return }
    let readsInputs = !backwardReads.isEmpty
    if operand.sources != nil { target.update(repeating: 0, count: call.count * operand.size) }
    for example in 0..<call.count {
      let a = call.inputs[0] + example * left.size
      let b = call.inputs[1] + example * right.size
      let dy = call.outputGradient + example * size
      let dx = target + example * operand.size
      for i in 0..<size {
        let x = readsInputs ? a[left.sources?[i] ?? i] : 0
        let y = readsInputs ? b[right.sources?[i] ?? i] : 0
        let value = share(dy[i], x, y)
        if let place = operand.sources?[i] { dx[place] += value } else { dx[i] = value }
      }
    }
  }
}
