import Attacks
import Foundation
import Robustness
import Tensors
import Testing

@Suite struct APGDAttackTests {
  /// One pixel and two classes; the second is the likelier, the nearer the pixel is to 0.4. Notes
  /// what it is asked.
  final class Peak: DifferentiableModel {
    let inputShape = [1, 1, 1]
    let classCount = 2
    let bounds: ClosedRange<Float> = -2...2
    private(set) var visited: [Float] = []

    func logits(_ batch: Batch) -> Tensor {
      visited += batch.images.values
      return Tensor(
        shape: [batch.count, 2], values: batch.images.values.flatMap { [0, -abs($0 - 0.4)] })
    }

    func gradient(
      _ batch: Batch, cotangent: (Tensor) -> Tensor
    ) -> (logits: Tensor, gradient: Tensor) {
      let logits = logits(batch)
      let weights = cotangent(logits).values
      let slopes = batch.images.values.enumerated().map { row, pixel in
        weights[2 * row + 1] * (pixel > 0.4 ? -1 : 1)
      }
      return (logits, Tensor(shape: batch.images.shape, values: slopes))
    }
  }

  private func task(_ choice: AttackTask.Choice) -> AttackTask {
    AttackTask(
      batch: Batch(images: Tensor(shape: [1, 1, 1, 1], values: [0]), indices: [0]),
      criteria: [.untargeted(label: 0)],
      threats: [[ThreatModel(norm: .linf, radius: 1, bounds: -2...2)]], choice: choice)
  }

  /// Equation 5 for 100 steps, as the paper's implementation has it; and for few.
  @Test func checkpointsComeInShorterAndShorterIntervals() {
    #expect(APGDAttack.checkpoints(of: 100) == [22, 41, 57, 70, 80, 87, 93, 99])
    #expect(APGDAttack.checkpoints(of: 10) == [3, 5, 6, 7, 8, 9, 10, 10])
  }

  /// Ten steps by hand: a first one across the ball, momentum, and from the third on the step is
  /// halved at every checkpoint and the ascent returns to where the loss was largest.
  @Test(arguments: AttackTask.Choice.allCases)
  func takesTheStepsThatAreComputedByHand(_ choice: AttackTask.Choice) throws {
    let attack = try Attacks.make(
      name: "apgd", parameters: ["steps": "10", "randomStart": "false"])
    let model = Peak()
    let images = try attack.perturb(task(choice), against: model)
    #expect(
      model.visited == [
        0, 1, -0.25, 0.375, 1, 0.40625, -0.1171875, 0.21875, 0.3125, 0.359375, 0.3828125,
      ])
    #expect(images.map(\.values) == [[0.40625]])
  }

  /// With no gain asked for, the step is halved only where nothing has changed: by hand, at the first
  /// of four checkpoints.
  @Test func rhoDecidesWhatIsEnough() throws {
    let attack = try Attacks.make(
      name: "apgd", parameters: ["steps": "4", "rho": "0", "randomStart": "false"])
    let model = Peak()
    _ = try attack.perturb(task(.last), against: model)
    #expect(model.visited == [0, 1, 0.75, 0.1875, 0.65625])
  }

  @Test func logOddsOrderAsTheCrossEntropy() {
    let logits: ArraySlice<Float> = [1, 3, 0.5]
    let odds = Criterion.untargeted(label: 1).logOdds(logits)
    let probability = exp(3) / (exp(1) + exp(3) + exp(0.5))
    #expect(abs(odds - log((1 - probability) / probability)) < 1e-12)
    #expect(Criterion.targeted(1).logOdds(logits) == -odds)
    let first = Criterion.untargeted(label: 0)
    #expect(first.logOdds([200, 0]) == -200)
    #expect(first.logOdds([.nan, 0]) == -.infinity)
    #expect(first.logOdds([0, .infinity]) == .infinity)
  }
}
