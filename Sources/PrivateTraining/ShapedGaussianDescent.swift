internal import NeuralNetworks
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Gaussian noise of the shape that L. Xiang et al., "Differentially-Private Deep Learning from an
/// Optimization Perspective", 2019, derive, on a batch's clipped mean gradient: as published,
/// without privacy (``OptimizedNoiseTraining``).
///
/// With g the clipped gradient, `D = alpha g / |g|` and `w = g`:
/// `sigma_i = (2 lambda D_i^2 / |w_i|)^(1/3)`, `lambda = (sum |D_i w_i|^(2/3) / tau)^(3/2) / 2`.
final class ShapedGaussianDescent: TrainingMethod {
  private let base: EpochDescent
  private let clip: Double
  private let sensitivity: Double
  private let tau: Double
  private let seed: UInt64
  private let sizes: [Int]

  /// - Parameter sensitivity: alpha.
  init(
    _ base: EpochDescent, for network: Network, clip: Double, sensitivity: Double, tau: Double,
    seed: UInt64
  ) {
    self.base = base
    self.clip = clip
    self.sensitivity = sensitivity
    self.tau = tau
    self.seed = seed
    sizes = network.parameters.map(\.values.count)
  }

  func batch(step: Int) -> [Int] { base.batch(step: step) }

  var gradients: [UnsafePointer<Float>] { base.gradients }

  func compute(_ step: Trainer.Step) throws(TrainingError) -> Trainer.Outcome {
    let outcome = try base.compute(step)
    let targets = base.gradients.map { UnsafeMutablePointer(mutating: $0) }
    let squared = zip(targets, sizes).reduce(0.0) { $0 + dot($1.0, $1.0, count: $1.1) }
    let length = squared.squareRoot()
    guard length > 0 else { return outcome }
    let factor = min(1, clip / length)
    // |D_i w_i| = alpha g_i^2 / |g|; for the clipped g.
    var sum = 0.0
    for (target, size) in zip(targets, sizes) {
      for index in 0..<size {
        let g = Double(target[index]) * factor
        sum += cbrt(pow(sensitivity * g * g / (length * factor), 2))
      }
    }
    let lambda = pow(sum / tau, 1.5) / 2
    for (part, target) in targets.enumerated() {
      let key = RandomKey(seed: seed, purpose: .privateNoise, example: part, draw: step.number)
      let noise = key.normals(sizes[part])
      for index in 0..<sizes[part] {
        let g = Double(target[index]) * factor
        let direction = sensitivity * g / (length * factor)
        let deviation = g == 0 ? 0 : cbrt(2 * lambda * direction * direction / abs(g))
        target[index] = Float(g + deviation * Double(noise[index]))
      }
    }
    return outcome
  }
}
