import Datasets
import Files
import Foundation
import NeuralNetworks
import Robustness
import Tensors
import TestSupport
import Testing

import Certification

@Suite struct RedistributionTests {
  private func expectShares(_ shares: Redistribution, count: Int, floor: Double? = nil) {
    #expect(shares.values.count == count)
    expectClose(shares.values.reduce(0, +), 1, .doubleSums)
    // The floor is applied before the division by a sum of at most 1 + floor.
    let least = (floor ?? shares.record.floor ?? 0) / Double(count) / (1 + (floor ?? 1))
    #expect(shares.values.allSatisfy { $0 > 0 && $0 >= least * (1 - 1e-12) })
  }

  /// Rows (3, -4) and (0, 2): l1 norms 7 and 2, l2 norms 5 and 2, linf norms 4 and 2.
  @Test func weightsFollowTheDualNorms() throws {
    var network = Network(inputShape: [2])
    try network.append(Dense(weight: Tensor(shape: [2, 2], values: [3, -4, 0, 2])))
    let map = try LinearMap(prefixOf: network, upTo: 1)
    let cases: [(Norm, NoiseFamily, Double, Double)] = [
      (.linf, .gaussian, 7, 2), (.l2, .gaussian, 5, 2), (.l1, .gaussian, 4, 2),
      (.l1, .laplace, pow(4, 2.0 / 3), pow(2, 2.0 / 3)),
    ]
    for (norm, family, first, second) in cases {
      let shares = try Redistribution.weights(map, from: norm, for: family)
      expectClose(shares.values[0], first / (first + second), .reference)
      expectClose(shares.values[1], second / (first + second), .reference)
      #expect(!shares.record.usesData && shares.record.caveat == nil)
    }
  }

  /// What a noise layer draws with is what was shared out, up to single precision, and is accepted.
  @Test func noiseLayersCarryTheShares() throws {
    let shares = try Redistribution.random(count: 24, seed: 2)
    let noise = Noise(
      .gaussian, scale: 2, relativeScales: shares.relativeScales(shape: [2, 3, 4]))
    let drawn = try #require(Redistribution.shares(of: noise))
    for (drawn, share) in zip(drawn, shares.values) { expectClose(drawn, share, .rounding) }
    #expect(
      try Sensitivity.bounds(
        LinearMap(identity: [2, 3, 4]), redistribution: drawn, from: .l2, to: .l2
      ).smallest.value > 1)
    #expect(Redistribution.shares(of: Noise(.laplace, scale: 1)) == nil)
  }

  /// No other shares make the bound that they are for smaller.
  @Test(arguments: [Norm.linf, .l2, .l1], NoiseFamily.allCases)
  func weightsMinimiseTheRowsBound(_ norm: Norm, _ family: NoiseFamily) throws {
    let network = try LinearNetworks.strided.network()
    let map = try LinearMap(prefixOf: network, upTo: 1)
    let target: Sensitivity.Target = family == .gaussian ? .l2 : .l1
    func rows(_ shares: [Double]?) throws -> Double {
      try #require(
        try Sensitivity.bounds(map, redistribution: shares, from: norm, to: target)[.rows])
    }
    let best = try Redistribution.weights(map, from: norm, for: family, floor: 1e-9)
    let least = try rows(best.values)
    #expect(try least <= rows(nil))
    for seed in 0..<5 {
      let other = try Redistribution.random(count: map.rowCount, seed: UInt64(seed))
      #expect(try least <= rows(other.values))
      let near = zip(best.values, other.values).map { 0.99 * $0 + 0.01 * $1 }
      #expect(try least <= rows(near))
    }
  }

  @Test(.enabled(if: Shared.exists, Shared.hint)) func agreesWithTheReferenceVectors() throws {
    struct Case: Decodable {
      var W_rows_are_inputs: [[Double]]
      var r_minimising_row_bound: [Double]
      var row_bound_at_that_r: Double
    }
    struct File: Decodable { var hgm_sensitivity: [Case] }
    let data = try Data(contentsOf: try Shared.url("vectors/mechanisms.json"))
    for reference in try JSONDecoder().decode(File.self, from: data).hgm_sensitivity {
      let map = denseMap(reference.W_rows_are_inputs)
      let shares = try Redistribution.weights(map, from: .linf, for: .gaussian)
      for (share, expected) in zip(shares.values, reference.r_minimising_row_bound) {
        expectClose(share, expected, .reference)
      }
      let bound = try Sensitivity.bounds(
        map, redistribution: shares.values, from: .linf, to: .l2)[.rows]
      expectClose(try #require(bound), reference.row_bound_at_that_r, .reference)
    }
  }

  /// Uniform on the simplex: a share is above the mean with probability `(1 - 1/K)^(K - 1)`.
  @Test func randomSharesAreUniformAndReproducible() throws {
    let shares = try Redistribution.random(count: 10_000, seed: 3, floor: 1e-12)
    expectShares(shares, count: 10_000)
    let above = shares.values.filter { $0 > 1e-4 }.count
    // Four standard deviations of a binomial count.
    #expect(abs(Double(above) - 3679) < 4 * 48.3)
    #expect(try Redistribution.random(count: 10_000, seed: 3, floor: 1e-12) == shares)
    #expect(try Redistribution.random(count: 10_000, seed: 4).values != shares.values)
    expectShares(try .random(count: 1000, seed: 1, floor: 0.5), count: 1000, floor: 0.5)
    expectShares(.uniform(count: 7), count: 7)
  }

  /// Two classes behind a linear value: `|dL/dh| = |w_1 - w_0| (1 - p(label))`, here with weights
  /// that differ by 1, 2 and 0.
  @Test func relevanceIsTheMeanGradientOfTheLoss() throws {
    var network = Network(inputShape: [1, 1, 3])
    try network.append(Reshape([3]))
    let hidden = try network.append(
      Dense(
        weight: Tensor(
          shape: [3, 3],
          values: [
            1, 0, 0, 0, 1, 0, 0, 0, 1,
          ])), named: "hidden")
    try network.append(Dense(weight: Tensor(shape: [2, 3], values: [0, 1, 5, 1, -1, 5])))
    let images = Tensor(
      shape: [40, 1, 1, 3], values: normals(120, draw: 1).map { Float($0) })
    let labels = (0..<40).map { $0 % 2 }
    for beta in [1, 2.0] {
      let shares = try Redistribution.relevance(
        in: network, at: hidden, images: images, labels: labels, beta: beta, floor: 0.003)
      let sum = 1 + pow(2, beta)
      for (share, expected) in zip(shares.values, [1 / sum, pow(2, beta) / sum, 0.001]) {
        expectClose(share, expected / 1.001, .rounding)
      }
      expectShares(shares, count: 3)
      #expect(shares.record.usesData)
      #expect(try #require(shares.record.caveat).contains("40 examples"))
      #expect(shares.record.beta == beta)
      for threads in [2, 3, 8] {
        #expect(
          try Redistribution.relevance(
            in: network, at: hidden, images: images, labels: labels, beta: beta, floor: 0.003,
            threads: threads) == shares)
      }
    }
  }

  /// Against finite differences of the loss's definition, behind a convolution.
  @Test func relevanceAgreesWithFiniteDifferences() throws {
    var network = Network(inputShape: [1, 4, 4])
    let value = try network.append(Convolution(weight: numbers([2, 1, 3, 3])))
    try network.append(Activation(.tanh))
    try network.append(Reshape([8]))
    try network.append(Dense(weight: numbers([3, 8]), bias: numbers([3])))
    let images = Tensor(shape: [5, 1, 4, 4], values: normals(80, draw: 5).map { Float($0) })
    let labels = [0, 1, 2, 0, 1]
    let shares = try Redistribution.relevance(
      in: network, at: value, images: images, labels: labels, beta: 1.5, floor: 1e-9)
    let (prefix, suffix) = try network.split(at: value)
    var sums = [Double](repeating: 0, count: 8)
    for (row, label) in labels.enumerated() {
      let hidden = prefix.evaluate(images.row(row).map(Double.init))
      func loss(_ index: Int, _ step: Double) -> Double {
        var moved = hidden
        moved[index] += step
        let logits = suffix.evaluate(moved)
        return log(logits.reduce(0) { $0 + exp($1) }) - logits[label]
      }
      for index in 0..<8 {
        sums[index] += pow(abs(loss(index, 1e-6) - loss(index, -1e-6)) / 2e-6, 1.5)
      }
    }
    let total = sums.reduce(0, +)
    for (share, sum) in zip(shares.values, sums) {
      expectClose(share, sum / total, .finiteDifferences)
    }
  }

  @Test func relevanceRefusesWhatItCannotUse() throws {
    var network = Network(inputShape: [2])
    let first = try network.append(Dense(weight: numbers([2, 2])))
    try network.append(Sum(), reading: [0, first])
    let image = Tensor(shape: [1, 2], values: [1, 2])
    func expectError(_ text: String, _ body: () throws -> Redistribution) {
      let error = #expect(throws: CertificationError.self) { try body() }
      #expect(error?.description.contains(text) == true, "\(String(describing: error))")
    }
    expectError("around it") {
      try .relevance(in: network, at: first, images: image, labels: [0])
    }
    expectError("label 2 at 0") {
      try .relevance(in: network, at: 0, images: image, labels: [2])
    }
    expectError("beta is 0.0") {
      try .relevance(in: network, at: 0, images: image, labels: [0], beta: 0)
    }
    expectError("floor is 2.0") {
      try .relevance(in: network, at: 0, images: image, labels: [0], floor: 2)
    }
    expectError("examples are none") {
      try .relevance(in: network, at: 0, images: Tensor(shape: [0, 2]), labels: [])
    }
  }

  @Test func readsFiles() throws {
    try withTemporaryFolder { folder in
      let json = folder.appendingPathComponent("r.json").path
      try Data("[0.25, 0.5, 0.25]".utf8).write(to: URL(fileURLWithPath: json))
      let shares = try Redistribution.read(json, count: 3)
      #expect(shares.values == [0.25, 0.5, 0.25])
      #expect(shares.record.kind == .file && shares.record.path == json)
      #expect(try shares.record.sha256 == sha256(ofFile: json))
      #expect(!shares.record.usesData && shares.record.caveat?.contains("read from a file") == true)
      let npy = folder.appendingPathComponent("r.npy").path
      for array in [
        NumpyArray(shape: [1, 3, 1], .float32([0.25, 0.5, 0.25])),
        NumpyArray(shape: [3], .float64([0.25, 0.5, 0.25])),
      ] {
        try Data(array.npy).write(to: URL(fileURLWithPath: npy))
        #expect(try Redistribution.read(npy, count: 3).values == [0.25, 0.5, 0.25])
      }
      let text = try JSONEncoder().encode(shares.record)
      #expect(try JSONDecoder().decode(Redistribution.Record.self, from: text) == shares.record)
    }
  }

  @Test(arguments: [
    ("[0.5, 0.5]", "has 2 numbers, expected 3"),
    ("[0.5, 0, 0.5]", "has 0.0 at 1, expected a number in (0, 1]"),
    ("[0.5, -0.5, 1]", "has -0.5 at 1, expected a number in (0, 1]"),
    ("[0.5, 0.5, 0.5]", "sums to 1.5, expected 1"),
    ("[0.5, \"a\", 0.5]", "holds something else at 1, expected a number"),
    ("[0.5, null, 0.5]", "holds something else at 1, expected a number"),
    ("{}", "holds something else as a whole, expected a number"),
    ("[0.5,", "is no JSON array of numbers"),
  ])
  func namesWhatIsWrongWithAFile(_ text: String, problem: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("r.json").path
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: CertificationError.self) {
        try Redistribution.read(path, count: 3)
      }
      let description = try #require(error).description
      #expect(description.hasPrefix("file '\(path)' \(problem)"), "\(description)")
    }
  }

  @Test func refusesOtherFiles() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("r.npy").path
      #expect(throws: CertificationError.self) { try Redistribution.read(path, count: 1) }
      try Data(NumpyArray([1]).npy).write(to: URL(fileURLWithPath: path))
      #expect(
        throws: CertificationError.file(
          path: path, problem: "holds int64, expected float32 or float64")
      ) { try Redistribution.read(path, count: 1) }
      try Data("no array".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: CertificationError.self) { try Redistribution.read(path, count: 1) }
    }
  }
}
