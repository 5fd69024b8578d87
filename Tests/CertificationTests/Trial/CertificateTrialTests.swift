import NeuralNetworks
import Robustness
import TestSupport
import Tensors
import Testing

import Certification

/// Two linear logits under noise on the input: the prediction changes where the margin does, so the
/// exact radius is the margin over the dual norm of the weights, in every norm.
@Suite struct CertificateTrialTests {
  static let inputs = 12
  static let weights = RandomKey(seed: 5, purpose: .test).normals(inputs)

  static func classifier(chunk: Int? = nil) throws -> SmoothedClassifier {
    var network = Network(inputShape: [inputs])
    try network.append(Noise(.gaussian, scale: 0.5))
    let none = [Float](repeating: 0, count: inputs)
    try network.append(Dense(weight: Tensor(shape: [2, inputs], values: weights + none)))
    return try SmoothedClassifier(network, chunk: chunk)
  }

  /// An image whose margin is 0.75 to 1.5 lengths of the weights, which is 1.5 to 3 deviations.
  static func image(_ example: Int) -> Tensor {
    var values = RandomKey(seed: 6, purpose: .test, example: example).normals(inputs)
    let squares = weights.reduce(0) { $0 + $1 * $1 }
    let wanted = (0.75 + 0.75 * Float(example % 20) / 20) * squares.squareRoot()
    let margin = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
    for index in values.indices { values[index] += (wanted - margin) / squares * weights[index] }
    return Tensor(shape: [1, inputs], values: values)
  }

  static func exactRadius(_ image: Tensor, _ norm: Norm) -> Double {
    let weights = weights.map(Double.init)
    let margin = zip(weights, image.values).reduce(0) { $0 + $1.0 * Double($1.1) }
    switch norm {
    case .linf: return margin / weights.reduce(0) { $0 + abs($1) }
    case .l1: return margin / weights.reduce(0) { max($0, abs($1)) }
    default: return margin / weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }

  static func options(steps: Int = 5) -> TrialOptions {
    var options = TrialOptions()
    options.steps = steps
    options.gradientDraws = 4
    options.selectionDraws = 50
    options.judgementDraws = 20_000
    return options
  }

  /// A claim of 1.05 times the exact radius is caught: beyond the boundary by 0.075 deviations or
  /// more, the rival has 53 % of the votes, eight standard errors of 20,000 draws above one half.
  @Test(arguments: [Norm.l2, .linf, .l1])
  func catchesAClaimThatIsALittleTooLarge(_ norm: Norm) throws {
    let trial = try CertificateTrial(
      Self.classifier().session(), options: Self.options(), seed: 1)
    for example in 0..<10 {
      let image = Self.image(example)
      let exact = Self.exactRadius(image, norm)
      let finding = try trial.examine(
        image, example: example, norm: norm, claims: [Claim(label: 0, radius: 1.05 * exact)])[0]
      let violation = try #require(finding.violation)
      #expect(finding.rival == 1)
      #expect(finding.distance <= 1.05 * exact && finding.distance > 1.0499 * exact)
      // No point nearer than the exact radius has another prediction.
      #expect(violation.distance >= exact && violation.distance <= finding.distance)
    }
  }

  @Test(arguments: [Norm.l2, .linf, .l1])
  func neverCatchesAClaimThatHolds(_ norm: Norm) throws {
    let trial = try CertificateTrial(
      Self.classifier().session(), options: Self.options(steps: 0), seed: 2)
    for example in 0..<200 {
      let image = Self.image(example)
      let claim = Claim(label: 0, radius: 0.99 * Self.exactRadius(image, norm))
      let finding = try trial.examine(image, example: example, norm: norm, claims: [claim])[0]
      #expect(finding.violation == nil)
      // It comes as near as it may, where the votes are all but even.
      #expect(finding.distance > 0.9899 * claim.radius / 0.99)
      #expect(finding.votes.rival > finding.votes.draws * 9 / 20)
    }
  }

  /// Each claim is tried by itself: neither the others nor the chunk nor what was tried before
  /// changes a finding.
  @Test func findingsDependOnTheirClaimAlone() throws {
    let image = Self.image(3)
    let exact = Self.exactRadius(image, .l2)
    let claims = [0.5, 1.05, 2].map { Claim(label: 0, radius: $0 * exact) }
    var options = Self.options()
    options.judgementDraws = 2000
    let together = try CertificateTrial(Self.classifier().session(), options: options, seed: 3)
      .examine(image, example: 3, norm: .l2, claims: claims + [claims[1]])
    #expect(together[3] == together[1])
    #expect(together[0].violation == nil && together[2].violation != nil)
    for chunk in [1, 7] {
      let trial = try CertificateTrial(
        Self.classifier(chunk: chunk).session(), options: options, seed: 3)
      for (claim, finding) in zip(claims, together).reversed() {
        #expect(
          try trial.examine(image, example: 3, norm: .l2, claims: [claim]) == [finding])
      }
    }
  }

  /// With the bounds of the data in the way the boundary is out of reach.
  @Test func staysWithinTheBoundsOnlyWhereAsked() throws {
    var network = Network(inputShape: [1])
    try network.append(Noise(.gaussian, scale: 0.5))
    // Class 0 where x + z > -0.5: no pixel in [0, 1] changes it.
    try network.append(
      Dense(
        weight: Tensor(shape: [2, 1], values: [1, 0]), bias: Tensor(shape: [2], values: [0.5, 0])))
    let classifier = try SmoothedClassifier(network)
    let image = Tensor(shape: [1, 1], values: [0.25])
    for clips in [false, true] {
      var options = Self.options()
      options.clips = clips
      let finding = try CertificateTrial(classifier.session(), options: options, seed: 4)
        .examine(image, example: 0, norm: .l2, claims: [Claim(label: 0, radius: 1.5)])[0]
      #expect((finding.violation == nil) == clips)
      #expect(clips == (finding.distance <= 0.25))
    }
  }

  @Test func claimsWithoutEndAreTriedWithinALargeBall() throws {
    let trial = try CertificateTrial(
      Self.classifier().session(), options: Self.options(), seed: 5)
    let finding = try trial.examine(
      Self.image(0), example: 0, norm: .l2,
      claims: [Claim(label: 0, radius: .greatestFiniteMagnitude)])[0]
    #expect(finding.violation != nil && finding.distance <= 1e6)
  }

  @Test func optionsOutOfRangeAreRefused() {
    func message(_ change: (inout TrialOptions) -> Void) -> String? {
      var options = TrialOptions()
      change(&options)
      return #expect(throws: CertificationError.self) { try options.validate() }.map { "\($0)" }
    }
    #expect(message { $0.steps = -1 } == "steps is -1, expected 0 to 10000")
    #expect(
      message { $0.judgementDraws = 0 } == "judgement draws is 0, expected 1 to 268435456")
    #expect(message { $0.targets = 10 } == "targets is 10, expected 0 to 9")
    #expect(message { $0.alpha = 1 } == "alpha of the trial is 1.0, expected in (0, 1)")
  }
}
