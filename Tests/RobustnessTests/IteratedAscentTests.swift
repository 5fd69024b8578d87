import NeuralNetworks
import Robustness
import TestSupport
import Tensors
import Testing

/// On logits equal to the two values of an example: untargeted on label 0, the gradient is (-1, 1).
@Suite struct IteratedAscentTests {
  /// Examples whose second value is 0.1, 0.3 and 0.8 below the first, and one that is wrong
  /// already.
  let batch = Batch(
    images: Tensor(shape: [4, 2], values: [0.5, 0.375, 0.5, 0.25, 0.75, 0, 0.25, 0.5]),
    indices: [5, 6, 7, 8])

  func task(_ radii: [Float], _ choice: AttackTask.Choice, norm: Norm = .linf) -> AttackTask {
    AttackTask(
      batch: batch, criteria: Array(repeating: .untargeted(label: 0), count: 4),
      threats: radii.map {
        Array(repeating: ThreatModel(norm: norm, radius: $0, bounds: 0...1), count: 4)
      }, choice: choice, seed: 1)
  }

  func session() throws -> ClassifierSession {
    var network = Network(inputShape: [2])
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [1, 0, 0, 1])))
    return Classifier(network).session()
  }

  // Steps of a quarter of the radius, so after four steps every value has moved by the radius; each
  // radius costs four gradients an example, of which the first is shared.
  @Test func lastTakesEveryStep() throws {
    let session = try session()
    let images = try IteratedAscent(steps: 4, stepSize: .relative(0.25))
      .run(task([0.125, 0.5], .last), against: session)
    #expect(images[0].values == [0.375, 0.5, 0.375, 0.375, 0.625, 0.125, 0.125, 0.625])
    #expect(images[1].values == [0, 0.875, 0, 0.75, 0.25, 0.5, 0, 1])
    #expect(session.gradientCount == 4 + 2 * 3 * 4 && session.forwardCount == 0)
  }

  // At radius 0.125, steps of 0.03125: example 0 starts 0.125 apart, ties after two steps (class 0
  // wins ties) and is wrong after the third. Example 1, 0.25 apart, ties at the end: not met.
  // Example 2 stays right; example 3 is wrong at once. At radius 0.5, steps of 0.125: example 1
  // ties after one and is met after two; example 2, 0.75 apart, ties after three, is met at the
  // end.
  @Test func bestStopsAtTheFirstThatMeetsTheCriterionAndKeepsIt() throws {
    let session = try session()
    let images = try IteratedAscent(steps: 4, stepSize: .relative(0.25))
      .run(task([0.125, 0.5], .best), against: session)
    let kept: [Float] = [0.40625, 0.46875]
    #expect(images[0].values == kept + [0.375, 0.375, 0.625, 0.125, 0.25, 0.5])
    #expect(images[1].values == kept + [0.25, 0.5, 0.25, 0.5, 0.25, 0.5])
    // Clean 4; then 3, 3, 3 and the last two judged; then 2, 2, 1 and the last one judged.
    #expect(session.gradientCount == 4 + 3 * 3 + 2 + 2 + 1)
    #expect(session.forwardCount == 2 + 1)
  }

  /// A loop asks again and again: the second answer is where the first was, and what it would be
  /// anywhere.
  @Test func answersUseTheMemoryOfEarlierOnes() throws {
    let session = try session()
    let criteria = task([0.125], .last).criteria
    var answer = GradientAnswer()
    func ask(_ batch: Batch) throws -> [UnsafePointer<Float>?] {
      try session.gradient(batch, into: &answer) { criteria.crossEntropyAscent($0, into: &$1) }
      return [answer.logits, answer.cotangent, answer.gradient].map {
        $0.values.withUnsafeBufferPointer(\.baseAddress)
      }
    }
    let first = try ask(batch)
    let moved = batch.with(images: Tensor(shape: [4, 2], values: [1, 0, 0, 1, 0.5, 0.5, 0.25, 0]))
    #expect(try ask(moved) == first)
    let expected = try session.gradient(moved) { criteria.crossEntropyAscent($0) }
    #expect(answer.logits == expected.logits && answer.gradient == expected.gradient)
    #expect(session.gradientCount == 12)
  }

  @Test func everyExampleHasItsOwnRadius() throws {
    var task = task([0.125], .last)
    task.threats[0][1].radius = 0.25
    task.threats[0][2].radius = 0
    let images = try IteratedAscent(steps: 2, stepSize: .relative(0.5))
      .run(task, against: session())
    #expect(images[0].values == [0.375, 0.5, 0.25, 0.5, 0.75, 0, 0.125, 0.625])
  }

  @Test(arguments: AttackTask.Choice.allCases)
  func restartsOnlyImprove(choice: AttackTask.Choice) throws {
    let task = task([0.2, 0.3], choice)
    var ascent = IteratedAscent(steps: 2, stepSize: .absolute(0.05), start: .random)
    let once = try ascent.run(task, against: session())
    ascent.restarts = 5
    let often = try ascent.run(task, against: session())
    for (before, after) in zip(once, often) {
      for row in 0..<4 {
        let criterion = task.criteria[row]
        let (old, new) = (criterion.margin(before.row(row)), criterion.margin(after.row(row)))
        #expect(new >= old || new > 0)
      }
    }
    #expect(once != often)
  }

  @Test func memoryStartsAtZeroAndBelongsToTheExample() throws {
    // Adds up gradients; the second step's memory is twice the first's, and so is its step for a
    // gradient that is taken as it is: here only the sign counts, so record sizes instead.
    let model = FixedModel { $0[0] > 0.4 ? [-1, 1] : [0, 0] }
    let ascent = IteratedAscent(steps: 3, stepSize: .absolute(0.125)) { gradient, memory in
      for index in memory.indices { memory[index] += gradient[index] }
    }
    let images = try ascent.run(task([1], .last), against: model)
    // Examples 0 and 1 meet a zero gradient after one step and are carried on; 3 never moves.
    #expect(images[0].values == [0.125, 0.75, 0.125, 0.625, 0.375, 0.375, 0.25, 0.5])
  }

  @Test(arguments: AttackTask.Choice.allCases)
  func nothingToAttackIsNoTrouble(choice: AttackTask.Choice) throws {
    let empty = AttackTask(
      batch: batch.selecting([]), criteria: [], threats: [[], []], choice: choice)
    let images = try IteratedAscent(steps: 1, stepSize: .relative(1))
      .run(empty, against: session())
    #expect(images.map(\.shape) == [[0, 2], [0, 2]])
  }
}

/// Two values to two classes: logits are the values, the gradient is what the closure says.
struct FixedModel: DifferentiableModel {
  var inputShape: [Int] { [2] }
  var classCount: Int { 2 }
  var bounds: ClosedRange<Float> { -10...10 }
  var answer: ([Float]) -> [Float]

  init(_ answer: @escaping ([Float]) -> [Float]) { self.answer = answer }

  func logits(_ batch: Batch) -> Tensor { batch.images }

  func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) -> (logits: Tensor, gradient: Tensor) {
    let rows = (0..<batch.count).flatMap { answer(Array(batch.images.row($0))) }
    return (batch.images, Tensor(shape: [batch.count, 2], values: rows))
  }
}
