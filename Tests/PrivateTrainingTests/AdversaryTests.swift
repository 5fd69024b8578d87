import Attacks
import NeuralNetworks
import PrivateTraining
import Robustness
import Tensors
import Testing

@Suite struct AdversaryTests {
  private func step(_ indices: [Int], number: Int = 4) throws -> Trainer.Step {
    Trainer.Step(
      network: try SystemExample.network(), images: try SystemExample.data.images(indices),
      labels: indices.map { SystemExample.data.labels[$0] }, indices: indices, number: number)
  }

  private func adversary(
    law: Adversary.RadiusLaw = .fixed, share: Double = 1, warmUp: Int = 0, threads: Int = 1
  ) throws -> Adversary {
    Adversary(
      attacks: [try Attacks.parse("fgsm"), try Attacks.parse("madry:steps=3")], norm: .linf,
      radius: 0.2, law: law, warmUp: warmUp, share: share, seed: 6, threads: threads)
  }

  /// What a guarantee for single examples asks for: others in the batch change nothing.
  @Test(arguments: [1.0, 0.5])
  func anImageDependsOnItsOwnExampleAlone(_ share: Double) throws {
    let adversary = try adversary(law: .uniform, share: share)
    let all = try adversary.images(for: try step(Array(0..<40)))
    let some = [7, 3, 31]
    #expect(try adversary.images(for: try step(some)) == all.rows(some))
    let threaded = try self.adversary(law: .uniform, share: share, threads: 3)
    #expect(try threaded.images(for: try step(Array(0..<40))) == all)
  }

  @Test func theShareIsMet() throws {
    let clean = try SystemExample.data.images(Array(0..<40))
    var changed = 0
    for number in 0..<25 {
      let images = try adversary(share: 0.3).images(for: try step(Array(0..<40), number: number))
      changed += (0..<40).count { Array(images.row($0)) != Array(clean.row($0)) }
    }
    // 1000 coins of 0.3: 300 +- 14.5.
    #expect(abs(changed - 300) < 75, "\(changed)")
  }

  @Test func theRadiusFollowsItsLaw() throws {
    let clean = try SystemExample.data.images(Array(0..<40))
    func size(_ adversary: Adversary, _ number: Int) throws -> Float {
      let images = try adversary.images(for: try step(Array(0..<40), number: number))
      return zip(images.values, clean.values).map { abs($0 - $1) }.max() ?? 0
    }
    #expect(abs(try size(adversary(), 0) - 0.2) < 1e-6)
    #expect(abs(try size(adversary(warmUp: 4), 0) - 0.05) < 1e-6)
    let sizes = try (0..<20).map { try size(adversary(law: .uniform), $0) }
    #expect(sizes.allSatisfy { $0 > 0 && $0 <= 0.2001 } && Set(sizes).count == 20)
    let mean = sizes.reduce(0, +) / 20
    // 0.1 +- 0.2 / sqrt(12 * 20).
    #expect(abs(mean - 0.1) < 0.055, "\(mean)")
  }
}
