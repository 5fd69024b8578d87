internal import Dispatch
internal import Tensors

extension Network {
  /// How many examples of `data` have their first largest output at their label.
  ///
  /// - Throws: what the data throw.
  public func correctCount(on data: TrainingData, threads: Int = 1) throws -> Int {
    let chunk = 64
    let plan = Plan(self, capacity: chunk, purpose: .inference)
    let classes = outputShape.elementCount
    let size = inputShape.elementCount
    let chunks = (data.count + chunk - 1) / chunk
    var results = [Result<Int, any Error>](repeating: .success(0), count: threads)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      DispatchQueue.concurrentPerform(iterations: threads) { worker in
        results[worker] = Result {
          let workspace = plan.makeWorkspace()
          var correct = 0
          for index in stride(from: worker, to: chunks, by: threads) {
            let examples = Array(index * chunk..<min((index + 1) * chunk, data.count))
            let images = try data.images(examples)
            guard images.rowSize == size else {
              throw TrainingError.data(
                "images have shape \(images.shape.dropFirst()), the network takes \(inputShape)")
            }
            images.values.withUnsafeBufferPointer {
              guard let base = $0.baseAddress else { return }
              workspace.input.update(from: base, count: $0.count)
            }
            workspace.forward(count: examples.count)
            let logits = Tensor(shape: [examples.count, classes]) {
              $0.baseAddress?.update(from: workspace.output, count: $0.count)
            }
            for (prediction, example) in zip(logits.argmaxOfRows(), examples)
            where prediction == data.labels[example] { correct += 1 }
          }
          return correct
        }
      }
    }
    return try results.reduce(0) { $0 + (try $1.get()) }
  }
}
