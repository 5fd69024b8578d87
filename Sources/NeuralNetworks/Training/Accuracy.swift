internal import Dispatch
internal import Tensors

extension Network {
  /// How many examples of `data` have their first largest output at their label; of a network with
  /// noise, the class that most of some draws have there.
  ///
  /// - Parameters:
  ///   - draws: how many draws of the noise vote; 0: the network without its noise.
  ///   - seed: decides the draws.
  /// - Throws: what the data throw.
  public func correctCount(
    on data: TrainingData, threads: Int = 1, draws: Int = 0, seed: UInt64 = 0
  ) throws -> Int {
    let chunk = 64
    let draws = noises.isEmpty ? 0 : draws
    let plan = Plan(self, capacity: chunk, purpose: .inference, keepsNoise: draws > 0)
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
            var votes = [Int](repeating: 0, count: examples.count * classes)
            for draw in 0..<max(draws, 1) {
              images.values.withUnsafeBufferPointer {
                guard let base = $0.baseAddress else { return }
                workspace.input.update(from: base, count: $0.count)
              }
              workspace.forward(
                count: examples.count,
                noise: draws == 0
                  ? []
                  : examples.map {
                    RandomKey(seed: seed, purpose: .modelNoise, example: $0, draw: draw)
                  })
              let logits = Tensor(shape: [examples.count, classes]) {
                $0.baseAddress?.update(from: workspace.output, count: $0.count)
              }
              for (row, prediction) in logits.argmaxOfRows().enumerated() {
                if let prediction { votes[row * classes + prediction] += 1 }
              }
            }
            for (row, example) in examples.enumerated() {
              let mine = votes[row * classes..<(row + 1) * classes]
              // Outputs that are no numbers vote for nothing.
              let most = max(mine.max() ?? 0, 1)
              if mine.firstIndex(of: most) == mine.startIndex + data.labels[example] {
                correct += 1
              }
            }
          }
          return correct
        }
      }
    }
    return try results.reduce(0) { $0 + (try $1.get()) }
  }
}
