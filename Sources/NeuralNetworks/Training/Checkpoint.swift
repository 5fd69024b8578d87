internal import Files
internal import Tensors

/// A training run put aside: one safetensors file with parameters and optimizer state; its metadata
/// hold the run's description and a digest of numbers and description.
public struct Checkpoint: Sendable {
  /// The run it belongs to.
  public var run: TrainingSummary.Run
  public var state: Trainer.State
  /// The sum of the losses and the right answers of the steps of the unfinished epoch, for its line
  /// in the log.
  public var progress: Progress

  /// What was counted since the epoch began.
  public struct Progress: Sendable, Equatable, Codable {
    public var loss = 0.0
    public var correct = 0
    public var count = 0
    public init() {}
  }

  public init(run: TrainingSummary.Run, state: Trainer.State, progress: Progress = .init()) {
    self.run = run
    self.state = state
    self.progress = progress
  }

  private static let format = "gauntlet checkpoint 2"

  /// What stands in the metadata.
  private struct Description: Codable {
    var run: TrainingSummary.Run
    var step: Int
    var optimizerStep: Int
    var progress: Progress
    var method: [Double]?
  }

  private static func name(_ kind: String, _ index: Int) -> String {
    let digits = String(index)
    return kind + "." + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }

  /// A digest of all numbers, in order of the names, and of the description's text.
  private static func digest(_ tensors: [String: Tensor], _ description: String) -> String {
    sha256(of: Safetensors.encode(tensors, metadata: ["description": description]))
  }

  /// Writes it, whole or not at all.
  /// - Throws: ``FileError``.
  public func write(to path: String) throws {
    var tensors: [String: Tensor] = [:]
    for (index, tensor) in state.parameters.enumerated() {
      tensors[Self.name("parameter", index)] = tensor
    }
    for (index, tensor) in state.optimizer.moments.enumerated() {
      tensors[Self.name("moment", index)] = tensor
    }
    for (index, tensor) in state.average.enumerated() {
      tensors[Self.name("average", index)] = tensor
    }
    let description = Description(
      run: run, step: state.step, optimizerStep: state.optimizer.step, progress: progress,
      method: state.method.isEmpty ? nil : state.method)
    let text = try JSONValue(encoding: description).text()
    let metadata = [
      "format": Self.format, "sha256": Self.digest(tensors, text), "description": text,
    ]
    try writeAtomically(Safetensors.encode(tensors, metadata: metadata), to: path)
  }

  /// Reads one and checks it against the run that is to go on.
  ///
  /// - Parameters:
  ///   - run: what the checkpoint must have been made by.
  ///   - trainer: a new one of this run, whose shapes the numbers must have.
  /// - Throws: ``FileError`` and ``NetworkFileError``; the file stays as it is.
  public static func read(
    _ path: String, for run: TrainingSummary.Run, of trainer: Trainer
  ) throws -> Checkpoint {
    let reader = Reader(path: path)
    var (tensors, metadata) = try Safetensors.decode(try readFile(path), path: path)
    guard metadata["format"] == format, let text = metadata["description"] else {
      throw reader.malformed("is not a checkpoint of this program")
    }
    guard metadata["sha256"] == digest(tensors, text) else {
      throw reader.malformed("is damaged: its contents are not what was written (SHA-256)")
    }
    let json = try reader.json(Array(text.utf8))
    let expected = try JSONValue(encoding: run)
    if let difference = json["run"]?.firstDifference(from: expected, at: "") {
      throw NetworkFileError.mismatch(
        path: path, problem: "belongs to another run: \(difference)")
    }
    let description = try reader.decode(json, Description.self, "the description")
    func take(_ kind: String, like shapes: [[Int]]) throws -> [Tensor] {
      try shapes.enumerated().map { index, shape in
        guard let tensor = tensors.removeValue(forKey: name(kind, index)), tensor.shape == shape,
          tensor.values.allSatisfy(\.isFinite)
        else {
          throw reader.malformed("\(kind) \(index) of shape \(shape) is missing or not finite")
        }
        return tensor
      }
    }
    let fresh = trainer.state
    let state = Trainer.State(
      step: description.step,
      parameters: try take("parameter", like: fresh.parameters.map(\.shape)),
      optimizer: Optimizer.State(
        step: description.optimizerStep,
        moments: try take("moment", like: fresh.optimizer.moments.map(\.shape))),
      average: try take("average", like: fresh.average.map(\.shape)),
      method: description.method ?? [])
    guard trainer.accepts(state) else {
      throw reader.malformed(
        "remembers \(state.method.count) numbers that are not this method's")
    }
    guard (0...trainer.totalSteps).contains(state.step), state.optimizer.step == state.step else {
      throw reader.malformed("stands at step \(state.step) of \(trainer.totalSteps)")
    }
    return Checkpoint(run: run, state: state, progress: description.progress)
  }
}

extension JSONValue {
  /// The first member in which two values differ, as "name a, not b"; nil where they are equal.
  fileprivate func firstDifference(from other: JSONValue, at path: String) -> String? {
    if self == other { return nil }
    guard case .object(let mine) = self, case .object(let theirs) = other else {
      return "\(path) is \(text().prefix(60)), not \(other.text().prefix(60))"
    }
    let keys = Set(mine.map(\.key)).union(theirs.map(\.key)).sorted()
    for key in keys {
      let name = path.isEmpty ? key : "\(path).\(key)"
      let (a, b) = (self[key] ?? .null, other[key] ?? .null)
      if let difference = a.firstDifference(from: b, at: name) { return difference }
    }
    return nil
  }
}
