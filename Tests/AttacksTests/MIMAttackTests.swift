import Attacks
import Robustness
import Tensors
import Testing

@Suite struct MIMAttackTests {
  // Steps of 1, wide bounds. The gradients that the model gives one after the other:
  //
  //   (2, -2)  mean 2  v = (1, -1)                     to (1, -1)
  //   (-1, 3)  mean 2  v = (1 - 0.5, -1 + 1.5)         to (2, 0)
  //   (0, 0)           v = (0.5, 0.5), unchanged       to (3, 1)
  //   (NaN, 1) mean .5 v = (0.5, 0.5 + 2)              to (4, 2)
  //
  // With decay 1/2 the second is v = (0.5 - 0.5, -0.5 + 1.5) = (0, 1), the third (0, 0.5).
  @Test(
    arguments: [
      (1, [[1, -1], [2, 0], [3, 1], [4, 2]]), (0.5, [[1, -1], [1, 0], [1, 1], [1, 2]]),
    ]
      as [(Float, [[Float]])])
  func followsTheMomentumByHand(decay: Float, expected: [[Float]]) throws {
    for steps in 1...4 {
      let model = ScriptedModel([[2, -2], [-1, 3], [0, 0], [.nan, 1]])
      var attack = MIMAttack()
      attack.steps = steps
      attack.stepSize = 1
      attack.decay = decay
      let task = AttackTask(
        batch: Batch(images: Tensor(shape: [1, 2]), indices: [0]),
        criteria: [.untargeted(label: 0)],
        threats: [[ThreatModel(norm: .linf, radius: 50, bounds: -100...100)]], choice: .last)
      #expect(try attack.perturb(task, against: model)[0].values == expected[steps - 1])
    }
  }
}

/// A model of one example at a time whose gradients are written down.
final class ScriptedModel: DifferentiableModel {
  private var script: [[Float]]
  init(_ script: [[Float]]) { self.script = script }

  var inputShape: [Int] { [2] }
  var classCount: Int { 2 }
  var bounds: ClosedRange<Float> { -100...100 }
  func logits(_ batch: Batch) -> Tensor { Tensor(shape: [1, 2], values: [1, 0]) }
  func gradient(
    _ batch: Batch, cotangent: (Tensor) -> Tensor
  ) -> (logits: Tensor, gradient: Tensor) {
    (logits(batch), Tensor(shape: [1, 2], values: script.removeFirst()))
  }
}
