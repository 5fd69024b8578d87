internal import Foundation
internal import NeuralNetworks
internal import Privacy
internal import Robustness
internal import Tensors

/// The counterexamples there are, one for each formula as published.
public enum Counterexamples {
  /// - Throws: ``CertificationError`` only if the library is at fault.
  public static func all() throws(CertificationError) -> [Counterexample] {
    do throws(NetworkError) {
      return [try dividesTwice(), try equalMaps(), try addedRadii(), try cancelledSize()]
    } catch {
      throw .noise(problem: "a counterexample cannot be built: \(error)")
    }
  }

  /// `f(x) = 0 where x + z > 0, else 1`, z standard normal, at x = 3.7191: class 0 has probability
  /// Phi(x) > 0.9999, and a shift of x makes it one half.
  static func dividesTwice() throws(NetworkError) -> Counterexample {
    let x = Double(Float(3.7191))
    return Counterexample(
      name: "divides-twice",
      summary: "sign of x + z, z normal: a formula that multiplies by epsilon once more claims "
        + "more than the distance to the boundary",
      reference: "Phan et al., Heterogeneous Gaussian Mechanism, 2019, Equation 10",
      refutes: "as-published:hgm-pixeldp", network: try sign(Noise(.gaussian, scale: 1)),
      image: Tensor(shape: [1, 1], values: [Float(x)]), label: 0, bounds: halves(x), norm: .l2,
      flip: x)
  }

  /// The mean of 32 equal feature maps x + z_c: its noise has deviation 1 / sqrt 32, at x = 0.5.
  static func equalMaps() throws(NetworkError) -> Counterexample {
    let (x, maps) = (0.5, 32)
    var network = Network(inputShape: [1, 1, 1])
    try network.append(
      Convolution(weight: Tensor(repeating: 1, shape: [maps, 1, 1, 1])), named: "conv1")
    try network.append(Noise(.gaussian, scale: 1), named: "noise")
    try network.append(Reshape([maps]), named: "flatten")
    var mean = Tensor(shape: [2, maps])
    for map in 0..<maps { mean.values[map] = 1 / Float(maps) }
    try network.append(Dense(weight: mean), named: "mean")
    return Counterexample(
      name: "equal-maps",
      summary: "the mean of 32 equal noisy feature maps: the sensitivity of one of them is short "
        + "by sqrt(32)",
      reference: "Phan et al., Heterogeneous Gaussian Mechanism, 2019, verified testing",
      refutes: "as-published:per-feature-map", network: network,
      image: Tensor(shape: [1, 1, 1, 1], values: [Float(x)]), label: 0,
      bounds: halves(x * Double(maps).squareRoot()), norm: .l2, flip: x)
  }

  /// The linear classifier at x = 1, with noise that was made for an attack of 0.2 and is asked
  /// about one of 1: the claim is a multiple of what is asked about.
  static func cancelledSize() throws(NetworkError) -> Counterexample {
    let calibration = NoiseCalibration(
      mechanism: Mechanism.extended.rawValue, epsilon: 4, delta: 1e-5, attackSize: 0.2)
    let scale = Float(
      0.2 / Mechanism.extended.unitRatio(epsilon: calibration.epsilon, logDelta: log(1e-5))
    ).nextUp
    return Counterexample(
      name: "cancelled-size",
      summary: "sign of x + z: a radius that is a multiple of the attack size asked about",
      reference: "Phan et al., Heterogeneous Gaussian Mechanism, 2019: repository "
        + "haiphanNJIT/SecureSGD",
      refutes: "as-published:secure-sgd", network: try sign(Noise(.gaussian, scale: scale)),
      image: Tensor(shape: [1, 1], values: [1]), label: 0, bounds: halves(1 / Double(scale)),
      norm: .l2, flip: 1, calibration: calibration, attackSize: 1)
  }

  /// Logits x + z and 0 of one number.
  private static func sign(_ noise: Noise) throws(NetworkError) -> Network {
    var network = Network(inputShape: [1])
    try network.append(noise, named: "noise")
    try network.append(Dense(weight: Tensor(shape: [2, 1], values: [1, 0])), named: "logits")
    return network
  }

  /// The probabilities on both sides of a boundary `deviations` of the noise away.
  private static func halves(_ deviations: Double) -> ClassBounds {
    ClassBounds(
      lower: SafeRounding.down(Normal.cumulative(deviations)),
      upper: SafeRounding.up(Normal.upperTail(deviations)))
  }
}
