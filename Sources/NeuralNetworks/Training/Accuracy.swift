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
    let chunks = (0..<data.count).chunks(of: chunk, threads: threads)
    let draws = noises.isEmpty ? 0 : draws
    let plan = Plan(self, capacity: chunk, purpose: .inference, keepsNoise: draws > 0)
    // Each thread uses its own workspace, each chunk its own result.
    nonisolated(unsafe) let workspaces = (0..<min(threads, chunks.count)).map { _ in
      plan.makeWorkspace()
    }
    var results = [Result<Int, any Error>](repeating: .success(0), count: chunks.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      concurrently(chunks.count, threads: workspaces.count) { index, thread in
        results[index] = Result {
          try correctCount(of: Array(chunks[index]), in: data, draws, seed, workspaces[thread])
        }
      }
    }
    return try results.reduce(0) { $0 + (try $1.get()) }
  }

  /// How many of some examples, no more than the workspace takes.
  private func correctCount(
    of examples: [Int], in data: TrainingData, _ draws: Int, _ seed: UInt64,
    _ workspace: Workspace
  ) throws -> Int {
    let classes = outputShape.elementCount
    let images = try data.images(examples)
    guard images.rowSize == inputShape.elementCount else {
      throw TrainingError.data(
        "images have shape \(images.shape.dropFirst()), the network takes \(inputShape)")
    }
    var votes = [Int](repeating: 0, count: examples.count * classes)
    for draw in 0..<max(draws, 1) {
      workspace.load(images, 0..<examples.count)
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
    return examples.enumerated().count { row, example in
      let mine = votes[row * classes..<(row + 1) * classes]
      // Outputs that are no numbers vote for nothing.
      let most = max(mine.max() ?? 0, 1)
      return mine.firstIndex(of: most) == mine.startIndex + data.labels[example]
    }
  }
}
