import Certification
import NeuralNetworks
import Privacy
import Robustness
import Tensors
import Testing

@Suite struct NoiseRequestTests {
  private func network() throws -> Network {
    var network = Network(inputShape: [4])
    try network.append(
      Dense(weight: Tensor(shape: [2, 4], values: [1, 2, 0, 0, 0, 0, 3, 4])), named: "first")
    try network.append(Activation(.relu), named: "relu")
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [1, 0, 0, 1])))
    return network
  }

  // Rows of l1 norms 3 and 7 on inputs of their own: the linf -> l2 sensitivity is sqrt(58).
  @Test func releasesHaveTheirSensitivity() throws {
    let noisy = try network().adding(
      NoiseRequest(family: .gaussian, node: "first", strength: .scale(0.5))
    ).network
    let release = try noisy.noiseReleases(in: .linf)[0]
    #expect(release.node == "first" && release.family == .gaussian)
    #expect(release.scale <= 0.5 && release.scale > 0.499999)
    let exact = 58.0.squareRoot()
    #expect(release.sensitivity >= exact && release.sensitivity < exact * 1.000001)
  }

  // Laplace: b = D mu / epsilon with the l1 sensitivity 10 to linf.
  @Test func calibratedNoiseHasItsScale() throws {
    let request = NoiseRequest(
      family: .laplace, node: "first",
      strength: .calibrated(.laplace, epsilon: 2, delta: 0, attackSize: 0.1, norm: .linf))
    let (noisy, calibration) = try network().adding(request)
    let scale = Double(noisy.noises[0].noise.scale)
    #expect(scale >= 0.5 && scale < 0.500001)
    #expect(
      calibration
        == NoiseCalibration(mechanism: "laplace", epsilon: 2, delta: 0, attackSize: 0.1))
  }

  @Test(arguments: [
    (NoiseRequest(family: .gaussian, strength: .scale(0)), "the scale of noise is 0.0"),
    (NoiseRequest(family: .gaussian, strength: .scale(.nan)), "the scale of noise is nan"),
    (
      NoiseRequest(family: .gaussian, node: "absent", strength: .scale(1)),
      "there is no node 'absent' to add noise behind"
    ),
    (
      NoiseRequest(
        family: .gaussian,
        strength: .calibrated(.laplace, epsilon: 1, delta: 0, attackSize: 1, norm: .linf)),
      "the laplace mechanism is not one of gaussian noise"
    ),
    (
      NoiseRequest(
        family: .gaussian,
        strength: .calibrated(.classic, epsilon: 2, delta: 1e-5, attackSize: 1, norm: .linf)),
      "the noise cannot be calibrated"
    ),
  ])
  func refusesNoiseThatIsNone(_ request: NoiseRequest, _ problem: String) throws {
    let network = try network()
    let error = #expect(throws: CertificationError.self) { try network.adding(request) }
    #expect(error?.description.hasPrefix(problem) == true, "\(String(describing: error))")
  }

  @Test func noiseBehindANonLinearLayerHasNoSensitivity() throws {
    let noisy = try network().adding(
      NoiseRequest(family: .gaussian, node: "relu", strength: .scale(1))
    ).network
    #expect(
      throws: CertificationError.unsupportedLayer(node: "relu", kind: "activation")
    ) { try noisy.noiseReleases(in: .l2) }
    #expect(throws: CertificationError.self) {
      try network().adding(NoiseRequest(family: .gaussian, strength: .scale(1))).network
        .noiseReleases(in: .l0)
    }
  }
}
