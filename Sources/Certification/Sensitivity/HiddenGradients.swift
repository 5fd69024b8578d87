package import NeuralNetworks
package import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// The gradients of something the logits say with respect to a value of a network, example by
/// example, in passes without noise; sums over examples do not depend, to the bit, on the number of
/// threads.
package struct HiddenGradients: Sendable {
  /// Examples of one chunk: sums within it and over chunks are taken in order.
  private static let chunk = 16
  private let prefix: Plan, suffix: Plan
  private let inputSize: Int, valueSize: Int, classes: Int

  /// Writes what to follow back from the logits of an example with this label: one number a class.
  package typealias Cotangent =
    @Sendable (
      _ logits: UnsafeBufferPointer<Float>, _ label: Int, _ result: UnsafeMutablePointer<Float>
    ) -> Void

  /// Adds what an example's values and their gradient are to count for to the sums, one a value.
  package typealias Contribution =
    @Sendable (
      _ values: UnsafeBufferPointer<Float>, _ gradient: UnsafeBufferPointer<Float>,
      _ sums: inout [Double]
    ) -> Void

  /// - Throws: ``NetworkError`` where not all of the output depends on the input through the value.
  package init(_ network: Network, at value: Int) throws(NetworkError) {
    let parts = try network.split(at: value)
    prefix = Plan(parts.prefix, capacity: Self.chunk, purpose: .inference)
    suffix = Plan(parts.suffix, capacity: Self.chunk, purpose: .inputGradient)
    inputSize = parts.prefix.inputShape.reduce(1, *)
    valueSize = parts.suffix.inputShape.reduce(1, *)
    classes = parts.suffix.outputShape.reduce(1, *)
  }

  /// The sum over `count` examples, one number a value.
  ///
  /// - Parameter images: `[range.count, inputShape...]` for a range of examples.
  package func sum(
    count: Int, threads: Int, images: @Sendable (Range<Int>) throws -> Tensor, labels: [Int],
    cotangent: Cotangent, contribution: Contribution
  ) rethrows -> [Double] {
    let chunks = (count + Self.chunk - 1) / Self.chunk
    let workers = max(1, min(threads, chunks))
    // Each thread uses its own workspaces, each chunk its own slot.
    nonisolated(unsafe) let workspaces = (0..<workers).map { _ in
      (prefix.makeWorkspace(), suffix.makeWorkspace())
    }
    var total = [Double](repeating: 0, count: valueSize)
    for first in stride(from: 0, to: chunks, by: workers) {
      let ranges = (first..<min(first + workers, chunks)).map {
        $0 * Self.chunk..<min(($0 + 1) * Self.chunk, count)
      }
      let parts = try ranges.map { try images($0) }
      var partial = [[Double]](repeating: [], count: ranges.count)
      partial.withUnsafeMutableBufferPointer { partial in
        nonisolated(unsafe) let partial = partial
        concurrently(partial.count, threads: workers) { part, thread in
          partial[part] = sum(
            parts[part], Array(labels[ranges[part]]), workspaces[thread], cotangent, contribution)
        }
      }
      for sums in partial {
        for index in total.indices { total[index] += sums[index] }
      }
    }
    return total
  }

  private func sum(
    _ images: Tensor, _ labels: [Int], _ workspaces: (front: Workspace, back: Workspace),
    _ cotangent: Cotangent, _ contribution: Contribution
  ) -> [Double] {
    let (front, back) = workspaces
    images.values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      front.input.update(from: base, count: labels.count * inputSize)
    }
    front.forward(count: labels.count)
    // The back's input is working space too.
    let values = Array(UnsafeBufferPointer(start: front.output, count: labels.count * valueSize))
    values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      back.input.update(from: base, count: values.count)
    }
    back.forward(count: labels.count)
    for (row, label) in labels.enumerated() {
      cotangent(
        UnsafeBufferPointer(start: back.output + row * classes, count: classes), label,
        back.outputGradient + row * classes)
    }
    back.backward()
    var result = [Double](repeating: 0, count: valueSize)
    values.withUnsafeBufferPointer { values in
      for row in 0..<labels.count {
        contribution(
          UnsafeBufferPointer(rebasing: values[row * valueSize..<(row + 1) * valueSize]),
          UnsafeBufferPointer(start: back.inputGradient + row * valueSize, count: valueSize),
          &result)
      }
    }
    return result
  }

  /// `softmax(z) - onehot(label)`, the gradient of the softmax cross-entropy.
  package static let lossGradient: Cotangent = { logits, label, gradient in
    let highest = logits.reduce(-Double.infinity) { max($0, Double($1)) }
    let terms = logits.map { exp(Double($0) - highest) }
    let sum = terms.reduce(0, +)
    var others = 0.0
    for index in logits.indices where index != label {
      gradient[index] = Float(terms[index] / sum)
      others += terms[index] / sum
    }
    gradient[label] = Float(-others)
  }
}
