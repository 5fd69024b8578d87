internal import Tensors

/// In training, zeroes each element with probability `rate` and divides the rest by `1 - rate`; the
/// identity otherwise.
///
/// Masks are keyed by (seed, step, position in the batch, element), so they depend on neither
/// threads nor chunks. N. Srivastava et al., "Dropout", 2014.
public struct Dropout: Layer {
  public static let kind = "dropout"
  /// In [0, 1).
  public var rate: Float

  public init(rate: Float) {
    precondition(rate >= 0 && rate < 1, "a dropout rate lies in [0, 1), not \(rate)")
    self.rate = rate
  }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    guard rate >= 0 && rate < 1 else { throw ShapeError("rate \(rate) is not in [0, 1)") }
    return try single(inputs)
  }
  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor { inputs[0] }
  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    DropoutOperation(rate: rate, size: inputs[0].elementCount, capacity: capacity)
  }
}

private struct DropoutOperation: Operation {
  let rate: Float
  let size: Int
  let capacity: Int

  /// The factor of each element.
  var savedCount: Int { capacity * size }
  var scratchCount: Int { size }

  func forward(_ call: Call) {
    let count = call.count * size
    guard let pass = call.training else {
      call.saved.update(repeating: 1, count: count)
      call.output.update(from: call.inputs[0], count: count)
      return
    }
    let threshold = UInt32(Double(rate) * 0x1p32)
    let keep = 1 / (1 - rate)
    let bits = UnsafeMutableRawPointer(call.scratch).assumingMemoryBound(to: UInt32.self)
    for example in 0..<call.count {
      RandomKey(
        seed: pass.seed, purpose: .dropout, example: pass.key(row: example), draw: pass.step
      ).fillBits(UnsafeMutableBufferPointer(start: bits, count: size))
      for element in 0..<size {
        let index = example * size + element
        call.saved[index] = bits[element] < threshold ? 0 : keep
        call.output[index] = call.inputs[0][index] * call.saved[index]
      }
    }
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    for index in 0..<call.count * size {
      target[index] = call.outputGradient[index] * call.saved[index]
    }
  }
}
