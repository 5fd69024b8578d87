public import Tensors

/// The sum of two or more values of one shape, then an activation: residual connections.
public struct Sum: FusibleLayer {
  public static let kind = "sum"
  /// True where the result passes a ReLU.
  public var rectified = false

  public init() {}

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    guard let first = inputs.first, inputs.allSatisfy({ $0 == first }) else {
      throw ShapeError("cannot add shapes \(inputs)")
    }
    return first
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    var result = inputs[0]
    for other in inputs.dropFirst() {
      for index in result.values.indices { result.values[index] += other.values[index] }
    }
    return rectified ? result.map { max($0, 0) } : result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    operation(for: inputs, capacity: capacity, purpose: .inputGradient, packing: nil)
  }

  public func operation(
    for inputs: [[Int]], capacity: Int, purpose: Plan.Purpose, packing: Packing?
  ) -> any Operation {
    SumOperation(
      size: inputs[0].elementCount, capacity: capacity, rectified: rectified,
      keepsSigns: rectified && purpose == .inputGradient)
  }

  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    guard !rectified, let activation = next as? Activation, activation.function == .relu else {
      return nil
    }
    var result = self
    result.rectified = true
    return [result]
  }
}

private struct SumOperation: Operation {
  let size: Int
  let capacity: Int
  let rectified: Bool
  /// True where the signs of the result are kept for the way back rather than the result.
  let keepsSigns: Bool

  var savedCount: Int { keepsSigns ? Signs.floatCount(capacity * size) : 0 }
  var backwardReads: BackwardReads { rectified && !keepsSigns ? .output : [] }

  /// Numbers that all passes are made over before the next are looked at, so that they are read and
  /// written once; a multiple of 32, for the signs.
  private static let piece = 1 << 12

  private func pieces(_ call: Call, _ body: (_ start: Int, _ count: Int) -> Void) {
    let count = call.count * size
    for start in stride(from: 0, to: count, by: Self.piece) {
      body(start, min(Self.piece, count - start))
    }
  }

  func forward(_ call: Call) {
    pieces(call) { start, count in
      let target = call.output + start
      target.update(from: call.inputs[0] + start, count: count)
      for input in call.inputs.dropFirst() { add(input + start, to: target, count: count) }
      if rectified { rectify(target, count: count, into: target) }
      if keepsSigns {
        Signs.keep(of: target, count: count, in: call.saved + Signs.floatCount(start))
      }
    }
  }

  func backward(_ call: Call) {
    pieces(call) { start, count in
      let gradient = call.outputGradient + start
      if keepsSigns {
        Signs.apply(call.saved + Signs.floatCount(start), to: gradient, count: count)
      } else if rectified {
        rectifierGradient(gradient, at: call.output + start, count: count, into: gradient)
      }
      for case let target? in call.inputGradients {
        (target + start).update(from: gradient, count: count)
      }
    }
  }
}
