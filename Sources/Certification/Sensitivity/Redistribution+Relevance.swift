internal import Dispatch
public import NeuralNetworks
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

extension Redistribution {
  /// Shares proportional to how much the loss of a trained network depends on each value:
  /// `s_k = mean over examples of |dL / dh_k|^beta`, L the softmax cross-entropy of the label, in a
  /// pass without noise (Phan et al., 2019, Equation 7).
  ///
  /// It is a function of the examples: where those are private, what is released with it is not
  /// covered by the privacy accounting of the training (`record.caveat`). The result does not depend,
  /// to the bit, on the number of threads.
  ///
  /// - Parameters:
  ///   - value: the number of the value that noise is added to.
  ///   - images: `[examples, inputShape...]`, at least one.
  ///   - labels: classes, one an example.
  ///   - beta: positive; the larger, the more goes to the most relevant.
  ///   - floor: in (0, 1].
  /// - Throws: ``CertificationError/noise(problem:)`` where not all of the output depends on the input
  ///   through the value, ``CertificationError/parameter(name:problem:)``.
  public static func relevance(
    in network: Network, at value: Int, images: Tensor, labels: [Int], beta: Double = 1,
    floor: Double = defaultFloor, threads: Int = 1
  ) throws(CertificationError) -> Redistribution {
    precondition(
      Array(images.shape.dropFirst()) == network.inputShape,
      "images \(images.shape) for a network of \(network.inputShape)")
    precondition(
      images.rowCount == labels.count, "\(labels.count) labels, \(images.rowCount) images")
    guard beta > 0, beta.isFinite else {
      throw .parameter(name: "beta", problem: "is \(beta), expected a positive number")
    }
    guard !labels.isEmpty else {
      throw .parameter(name: "examples", problem: "are none, expected at least one")
    }
    let classes = network.outputShape.reduce(1, *)
    if let index = labels.firstIndex(where: { !(0..<classes).contains($0) }) {
      throw .parameter(
        name: "examples",
        problem: "have label \(labels[index]) at \(index), expected one of \(classes) classes")
    }
    let parts: (prefix: Network, suffix: Network)
    do throws(NetworkError) {
      parts = try network.split(at: value)
    } catch {
      throw .noise(problem: error.description)
    }
    var record = Record(.relevance)
    (record.beta, record.examples) = (beta, labels.count)
    record.caveat =
      "the redistribution of the noise was computed from \(labels.count) examples: a privacy figure "
      + "for those examples does not cover it"
    let sums = Relevance(parts.prefix, parts.suffix, beta: beta).sums(
      images, labels, threads: max(1, threads))
    return try Redistribution(
      weights: sums.map { $0 / Double(labels.count) }, floor: floor, record)
  }
}

/// Sums `|dL / dh_k|^beta` over examples, chunk by chunk.
private struct Relevance {
  /// Examples of one chunk: sums within it and over chunks are taken in order.
  static let chunk = 16
  let prefix: Plan, suffix: Plan
  let beta: Double
  let inputSize: Int, valueSize: Int, classes: Int

  init(_ prefix: Network, _ suffix: Network, beta: Double) {
    self.prefix = Plan(prefix, capacity: Self.chunk, purpose: .inference)
    self.suffix = Plan(suffix, capacity: Self.chunk, purpose: .inputGradient)
    self.beta = beta
    inputSize = prefix.inputShape.reduce(1, *)
    valueSize = suffix.inputShape.reduce(1, *)
    classes = suffix.outputShape.reduce(1, *)
  }

  func sums(_ images: Tensor, _ labels: [Int], threads: Int) -> [Double] {
    let chunks = (labels.count + Self.chunk - 1) / Self.chunk
    let workers = min(threads, chunks)
    // Each worker uses its own workspaces and its own slot.
    nonisolated(unsafe) let workspaces = (0..<workers).map { _ in
      (prefix.makeWorkspace(), suffix.makeWorkspace())
    }
    var total = [Double](repeating: 0, count: valueSize)
    for first in stride(from: 0, to: chunks, by: workers) {
      var partial = [[Double]](repeating: [], count: min(workers, chunks - first))
      partial.withUnsafeMutableBufferPointer { partial in
        nonisolated(unsafe) let partial = partial
        DispatchQueue.concurrentPerform(iterations: partial.count) { worker in
          let start = (first + worker) * Self.chunk
          partial[worker] = sum(
            images, labels, start..<min(start + Self.chunk, labels.count), workspaces[worker].0,
            workspaces[worker].1)
        }
      }
      for sums in partial {
        for index in total.indices { total[index] += sums[index] }
      }
    }
    return total
  }

  private func sum(
    _ images: Tensor, _ labels: [Int], _ range: Range<Int>, _ front: Workspace, _ back: Workspace
  ) -> [Double] {
    images.values.withUnsafeBufferPointer { images in
      guard let base = images.baseAddress else { return }
      front.input.update(from: base + range.lowerBound * inputSize, count: range.count * inputSize)
    }
    front.forward(count: range.count)
    back.input.update(from: front.output, count: range.count * valueSize)
    back.forward(count: range.count)
    for (row, label) in labels[range].enumerated() {
      lossGradient(back.output + row * classes, label, into: back.outputGradient + row * classes)
    }
    back.backward()
    var result = [Double](repeating: 0, count: valueSize)
    for row in 0..<range.count {
      for index in 0..<valueSize {
        let size = abs(Double(back.inputGradient[row * valueSize + index]))
        result[index] += beta == 1 ? size : pow(size, beta)
      }
    }
    return result
  }

  /// `softmax(z) - onehot(label)`.
  private func lossGradient(
    _ logits: UnsafePointer<Float>, _ label: Int, into gradient: UnsafeMutablePointer<Float>
  ) {
    let highest = (0..<classes).reduce(-Double.infinity) { max($0, Double(logits[$1])) }
    let terms = (0..<classes).map { exp(Double(logits[$0]) - highest) }
    let sum = terms.reduce(0, +)
    var others = 0.0
    for index in 0..<classes where index != label {
      gradient[index] = Float(terms[index] / sum)
      others += terms[index] / sum
    }
    gradient[label] = Float(-others)
  }
}
