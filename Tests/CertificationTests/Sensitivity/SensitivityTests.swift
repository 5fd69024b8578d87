import Foundation
import NeuralNetworks
import Robustness
import Tensors
import TestSupport
import Testing

import Certification

extension Tolerance {
  /// What the references state; upward rounding stays far below it.
  static let reference = Tolerance(relative: 1e-9, absolute: 1e-300)
  /// A few hundred steps of the power iteration.
  static let powerIteration = Tolerance(relative: 1e-3, absolute: 1e-300)
}

extension Sensitivity {
  subscript(method: Method) -> Double? { bounds.first { $0.method == method }?.value }
}

@Suite struct SensitivityTests {
  /// Positive shares with sum 1 that differ by up to a factor of 5.
  static func shares(_ count: Int) -> [Double] {
    let weights = (0..<count).map { Double(1 + $0 % 5) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  struct Move: Sendable, CustomStringConvertible {
    var norm: Norm, target: Sensitivity.Target
    var description: String { "\(norm) to \(target)" }
    static let all = [Norm.linf, .l2, .l1].flatMap { norm in
      Sensitivity.Target.allCases.map { Move(norm: norm, target: $0) }
    }
  }

  /// `||S^-1 M v||_q / ||v||_p`.
  static func ratio(
    _ map: LinearMap, _ shares: [Double]?, _ move: Move, _ step: [Double]
  ) -> Double {
    let changes = (0..<map.rowCount).map { row in
      map.matrix.row(row).reduce(0) { $0 + $1.1 * step[Int($1.0)] }
        / (shares.map { (Double(map.rowCount) * $0[row]).squareRoot() } ?? 1)
    }
    func size(_ values: [Double], _ norm: Norm) -> Double {
      switch norm {
      case .linf: values.map(abs).max() ?? 0
      case .l2: values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      default: values.reduce(0) { $0 + abs($1) }
      }
    }
    return size(changes, move.target == .l1 ? .l1 : .l2) / size(step, move.norm)
  }

  /// Neither random directions, nor signs, nor single inputs, nor the direction that a power
  /// iteration finds may move the values further than any bound says.
  @Test(arguments: LinearNetworks.allCases, Move.all)
  func noDirectionExceedsABound(_ kind: LinearNetworks, _ move: Move) throws {
    let network = try kind.network()
    let map = try LinearMap(prefixOf: network, upTo: network.output)
    for shares in [nil, Self.shares(map.rowCount)] {
      let sensitivity = try Sensitivity.bounds(
        map, redistribution: shares, from: move.norm, to: move.target)
      var steps = (0..<20).map { normals(map.inputCount, draw: $0) }
      steps += steps.map { $0.map { $0 < 0 ? -1 : 1 } }
      for input in 0..<map.inputCount {
        steps.append((0..<map.inputCount).map { $0 == input ? 1 : 0 })
      }
      var step = steps[0]
      for _ in 0..<400 {
        let change = (0..<map.rowCount).map { row in
          map.matrix.row(row).reduce(0) { $0 + $1.1 * step[Int($1.0)] }
            / (shares.map { Double(map.rowCount) * $0[row] } ?? 1)
        }
        var next = [Double](repeating: 0, count: map.inputCount)
        for row in 0..<map.rowCount {
          for (column, value) in map.matrix.row(row) { next[Int(column)] += value * change[row] }
        }
        let length = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length > 0 { step = next.map { $0 / length } }
      }
      steps.append(step)
      let largest = steps.map { Self.ratio(map, shares, move, $0) }.max() ?? 0
      for bound in sensitivity.bounds {
        // Only the ratio is rounded here: a few units of the last place.
        #expect(
          largest <= bound.value * (1 + 1e-13),
          "\(bound.method) is \(bound.value), found \(largest)")
      }
      #expect(sensitivity.bounds.allSatisfy { $0.value >= sensitivity.smallest.value })
      // Wherever one is claimed to be the sensitivity, a direction reaches it.
      if let exact = sensitivity[.exact], move.norm == .l1 {
        expectClose(largest, exact, .reference)
      }
      if move.norm == .l2, move.target == .l2 {
        expectClose(largest, sensitivity.smallest.value, .powerIteration)
      }
    }
  }

  /// The maximum over the cube is at a corner: all sign vectors, with numpy's figures for the
  /// bounds.
  @Test(.enabled(if: Shared.exists, Shared.hint)) func agreesWithTheReferenceVectors() throws {
    struct Case: Decodable {
      var W_rows_are_inputs: [[Double]]
      var r: [Double]
      var linf_exact_bruteforce, linf_bound_rows, linf_bound_entrywise: Double
      var linf_bound_printed, linf_bound_operator, l2_exact, l1_exact: Double
    }
    struct File: Decodable { var hgm_sensitivity: [Case] }
    let data = try Data(contentsOf: try Shared.url("vectors/mechanisms.json"))
    let cases = try JSONDecoder().decode(File.self, from: data).hgm_sensitivity
    #expect(cases.count == 4)
    for reference in cases {
      let map = denseMap(reference.W_rows_are_inputs)
      let cube = try Sensitivity.bounds(
        map, redistribution: reference.r, from: .linf, to: .l2)
      for (method, expected) in [
        (Sensitivity.Method.rows, reference.linf_bound_rows),
        (.entrywise, reference.linf_bound_entrywise), (.printed, reference.linf_bound_printed),
        (.operator, reference.linf_bound_operator),
      ] {
        expectClose(try #require(cube[method]), expected, .reference)
      }
      #expect(cube.smallest.value >= reference.linf_exact_bruteforce)
      let ball = try Sensitivity.bounds(map, redistribution: reference.r, from: .l2, to: .l2)
      expectClose(try #require(ball[.operator]), reference.l2_exact, .reference)
      let diamond = try Sensitivity.bounds(map, redistribution: reference.r, from: .l1, to: .l2)
      expectClose(try #require(diamond[.exact]), reference.l1_exact, .reference)
    }
  }

  @Test(arguments: [Sensitivity.Target.l1, .l2])
  func coversEveryCornerOfTheCube(_ target: Sensitivity.Target) throws {
    for draw in 0..<10 {
      let (rows, inputs) = (2 + draw, 8)
      var network = Network(inputShape: [inputs])
      try network.append(
        Dense(
          weight: Tensor(
            shape: [rows, inputs], values: normals(rows * inputs, draw: draw).map { Float($0) })))
      let map = try LinearMap(prefixOf: network, upTo: network.output)
      let shares = Self.shares(rows)
      let move = Move(norm: .linf, target: target)
      var largest = 0.0
      for corner in 0..<1 << inputs {
        let signs: [Double] = (0..<inputs).map { (corner >> $0) & 1 == 1 ? 1 : -1 }
        largest = max(largest, Self.ratio(map, shares, move, signs))
      }
      for bound in try Sensitivity.bounds(
        map, redistribution: shares, from: .linf, to: target
      ).bounds {
        #expect(bound.value >= largest, "\(bound.method) of draw \(draw)")
      }
    }
  }

  struct Shape: Sendable, CustomStringConvertible {
    var description: String
    var input: [Int], weight: [Int], stride: Int, padding: Int, dilation: Int, groups: Int
    var isRedistributed: Bool
    /// From linf to l2, l2 to l2 (`rows` is the Frobenius norm), to l1, and from l1.
    var entrywise, rows, printed, largest, frobenius, rowsL1, rowsL2L1, l1l1, l1l2: Double
  }

  /// numpy 2 and LAPACK's eigenvalues of the dense `G`, for the weights of `numbers`.
  @Test(arguments: [
    Shape(
      description: "28x28, 5x5, 32 maps", input: [1, 28, 28], weight: [32, 1, 5, 5], stride: 1,
      padding: 2, dilation: 1, groups: 1, isRedistributed: false, entrywise: 661.0922838851623,
      rows: 920.8318971519722, printed: 1028.310036540537, largest: 22.124758463054384,
      frobenius: 218.99694989314352, rowsL1: 143825.37500000003, rowsL2L1: 34533.96860871545,
      l1l1: 200.25000000000003, l1l2: 8.171621052459543),
    Shape(
      description: "stride 2, dilation 2, 2 groups", input: [4, 9, 8], weight: [6, 2, 3, 3],
      stride: 2, padding: 1, dilation: 2, groups: 2, isRedistributed: true,
      entrywise: 26.997448321043958, rows: 34.531994452720284, printed: 117.66698780682393,
      largest: 3.390383915372817, frobenius: 10.518291220151763, rowsL1: 270.5294825354897,
      rowsL2L1: 84.51050090000736, l1l1: 7.8725004409651875, l1l2: 1.8149210811536607),
    Shape(
      description: "no padding", input: [2, 7, 7], weight: [4, 2, 3, 3], stride: 1, padding: 0,
      dilation: 1, groups: 1, isRedistributed: true, entrywise: 39.04964100847311,
      rows: 53.27877273841542, printed: 140.15624999999997, largest: 4.532519323693913,
      frobenius: 14.505172333139047, rowsL1: 509.452475083136, rowsL2L1: 138.72185600140386,
      l1l1: 12.135803454376614, l1l2: 2.4088105288840174),
  ])
  func agreesWithNumpy(_ shape: Shape) throws {
    var network = Network(inputShape: shape.input)
    try network.append(
      Convolution(
        weight: numbers(shape.weight), stride: .init(shape.stride, shape.stride),
        dilation: .init(shape.dilation, shape.dilation), padding: .init(all: shape.padding),
        groups: shape.groups))
    let map = try LinearMap(prefixOf: network, upTo: 1)
    let shares = shape.isRedistributed ? Self.shares(map.rowCount) : nil
    func bounds(_ norm: Norm, _ target: Sensitivity.Target) throws -> Sensitivity {
      try Sensitivity.bounds(map, redistribution: shares, from: norm, to: target)
    }
    let cube = try bounds(.linf, .l2)
    expectClose(try #require(cube[.entrywise]), shape.entrywise, .reference)
    expectClose(try #require(cube[.rows]), shape.rows, .reference)
    expectClose(try #require(cube[.printed]), shape.printed, .reference)
    expectClose(try #require(try bounds(.linf, .l1)[.rows]), shape.rowsL1, .reference)
    // For these the relaxation is the best; that it is a bound, all corners of small cubes show.
    #expect(cube.smallest.method == .semidefinite)
    let ball = try bounds(.l2, .l2)
    // Lanczos' estimate of a clustered eigenvalue may be low by as much; the proof adds it back.
    expectClose(
      try #require(ball[.operator]), shape.largest, Tolerance(relative: 1e-5, absolute: 0))
    #expect(try #require(ball[.operator]) > shape.largest * (1 - 1e-12))
    expectClose(try #require(ball[.rows]), shape.frobenius, .reference)
    expectClose(try #require(try bounds(.l2, .l1)[.rows]), shape.rowsL2L1, .reference)
    expectClose(try bounds(.l1, .l1).smallest.value, shape.l1l1, .reference)
    expectClose(try bounds(.l1, .l2).smallest.value, shape.l1l2, .reference)
  }

  /// What maps too large for a proof get.
  @Test(arguments: LinearNetworks.allCases)
  func schursTestWithoutGramMatrixIsABound(_ kind: LinearNetworks) throws {
    let network = try kind.network()
    let map = try LinearMap(prefixOf: network, upTo: network.output)
    let ball = try Sensitivity.bounds(map, from: .l2, to: .l2)
    let value = SingularValue.weightedSchur(map)
    // The other test starts from |G|, which is at most |M|^T |M|; the rest is its roundings.
    if let schur = ball[.schur] { #expect(value >= schur * (1 - 1e-9)) }
    #expect(value >= ball.smallest.value * (1 - 1e-9))
    let rows = (0..<map.rowCount).map { row in map.matrix.row(row).reduce(0) { $0 + abs($1.1) } }
    var columns = [Double](repeating: 0, count: map.inputCount)
    for row in 0..<map.rowCount {
      for (column, entry) in map.matrix.row(row) { columns[Int(column)] += abs(entry) }
    }
    let plain = ((rows.max() ?? 0) * (columns.max() ?? 0)).squareRoot()
    // Rounding 0 up gives the root of the smallest number, 2.2e-162.
    #expect(value <= plain * (1 + 1e-9) + 1e-161)
  }

  /// Noise in the input: closed forms, and under redistribution the sums they come from.
  @Test func knowsNoiseInTheInput() throws {
    let map = LinearMap(identity: [3, 4, 4])
    let shares = Self.shares(48)
    let factors = shares.map { 1 / (48 * $0).squareRoot() }
    let length = factors.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for (norm, target, expected, redistributed) in [
      (Norm.linf, Sensitivity.Target.l2, 48.0.squareRoot(), length),
      (.linf, .l1, 48, factors.reduce(0, +)), (.l2, .l2, 1, factors.max() ?? 0),
      (.l2, .l1, 48.0.squareRoot(), length), (.l1, .l1, 1, factors.max() ?? 0),
      (.l1, .l2, 1, factors.max() ?? 0),
    ] {
      for (shares, expected) in [(nil, expected), (shares, redistributed)] {
        let smallest = try Sensitivity.bounds(
          map, redistribution: shares, from: norm, to: target
        ).smallest
        #expect(smallest.method == .exact)
        #expect(smallest.value >= expected)
        expectClose(smallest.value, expected, .reference)
      }
    }
  }

  /// A duplicated neuron doubles the square of the sensitivity; one map of it knows nothing of
  /// that.
  @Test func allValuesCountTogether() throws {
    var network = Network(inputShape: [2])
    try network.append(
      Dense(weight: Tensor(shape: [4, 2], values: [3, 4, 3, 4, 3, 4, 3, 4])))
    let map = try LinearMap(prefixOf: network, upTo: 1)
    expectClose(
      try Sensitivity.bounds(map, from: .l2, to: .l2).smallest.value, 10, .reference)
    expectClose(
      try Sensitivity.bounds(map, from: .linf, to: .l2).smallest.value, 14, .reference)
  }

  /// Four equal maps, released together, move twice as far as one of them.
  @Test func oneMapFallsShortOfAllByTheRootOfTheirNumber() throws {
    let kernel = numbers([1, 1, 3, 3]).values
    var network = Network(inputShape: [1, 6, 6])
    try network.append(
      Convolution(weight: Tensor(shape: [4, 1, 3, 3], values: kernel + kernel + kernel + kernel)))
    let map = try LinearMap(prefixOf: network, upTo: 1)
    for (norm, method) in [(Norm.linf, Sensitivity.Method.entrywise), (.l2, .operator)] {
      let one = try #require(try Sensitivity.ofOneMap(map, from: norm, to: .l2))
      #expect(one.maps == 4)
      let all = try #require(try Sensitivity.bounds(map, from: norm, to: .l2)[method])
      expectClose(all, 2 * one.sensitivity, .reference)
    }
    let one = try #require(try Sensitivity.ofOneMap(map, from: .l1, to: .l1))
    expectClose(
      try Sensitivity.bounds(map, from: .l1, to: .l1).smallest.value, 4 * one.sensitivity,
      .reference)
    #expect(try Sensitivity.ofOneMap(LinearMap(identity: [4]), from: .l1, to: .l1) == nil)
  }

  @Test func refusesWhatHasNoMeaning() throws {
    let map = LinearMap(identity: [3])
    #expect(throws: CertificationError.self) {
      try Sensitivity.bounds(map, from: .l0, to: .l2)
    }
    for (shares, problem) in [
      ([0.5, 0.5], "redistribution has 2 numbers, expected 3"),
      ([0.5, 0.5, 0], "redistribution has 0.0 at 2, expected a number in (0, 1]"),
      ([0.7, -0.2, 0.5], "redistribution has -0.2 at 1, expected a number in (0, 1]"),
      ([0.7, .nan, 0.5], "redistribution has nan at 1, expected a number in (0, 1]"),
      ([0.25, 0.25, 0.25], "redistribution sums to 0.75, expected 1"),
    ] {
      let error = #expect(throws: CertificationError.self) {
        try Sensitivity.bounds(map, redistribution: shares, from: .l2, to: .l2)
      }
      #expect(error?.description == problem)
    }
    var network = Network(inputShape: [1])
    try network.append(Dense(weight: Tensor(shape: [1, 1], values: [.infinity])))
    let infinite = try LinearMap(prefixOf: network, upTo: 1)
    #expect(throws: CertificationError.self) {
      try Sensitivity.bounds(infinite, from: .l2, to: .l2)
    }
  }
}
