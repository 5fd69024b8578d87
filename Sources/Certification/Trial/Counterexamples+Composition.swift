internal import Foundation
internal import NeuralNetworks
internal import Privacy
internal import Robustness
internal import Tensors

extension Counterexamples {
  /// Laplace noise of scale 1 in front of an identity layer and behind it, so that each of three
  /// numbers arrives as `Z = x + z + z'`, at the image 0.
  ///
  /// | class | wins where | probability |
  /// |---|---|---|
  /// | 0 | `Z1 > 2` | T(2 - x1) |
  /// | 1 | `Z1 < -2` and `Z3 < t` | T(2 + x1) P(Z3 < t), 0.1326 of it at x3 = 0 |
  /// | 2 to 51 | otherwise, by the fiftieth part of the distribution that Z2 falls into | the rest |
  ///
  /// with T the upper tail of the sum of the two noises. The ratio of the first two classes is just
  /// above `e^2` at the image, which is a radius of 1 for each noise by itself; a shift of x1 by
  /// -1.4 puts class 1 ahead. Shifting x1 changes the ratio fastest.
  static func addedRadii() throws(NetworkError) -> Counterexample {
    let share = 0.1326
    let a = tail(2)
    let b = share * a
    // The classes are told apart by linear scores with slopes that are large, not infinite.
    let blur = 1e-4
    let rest = (1 - a - b) / Double(cells) + blur * a
    return Counterexample(
      name: "added-radii",
      summary: "two Laplace noises around an identity layer: their radii do not add",
      reference: "Phan et al., Scalable Differential Privacy with Certified Robustness in "
        + "Adversarial Learning, 2020, Corollary 1",
      refutes: "as-published:stobatch", network: try composition(lowest: -quantile(share)),
      image: Tensor(shape: [1, 3]), label: 0,
      bounds: ClassBounds(lower: a * (1 - blur), upper: max(b * (1 + blur), rest)), norm: .l1,
      flip: root(in: 0...2) { share * tail(2 - $0) - tail(2 + $0) })
  }

  private static let cells = 50

  /// Classes as in the table; `lowest` is t.
  private static func composition(lowest: Double) throws(NetworkError) -> Network {
    var network = Network(inputShape: [3])
    try network.append(Noise(.laplace, scale: 1), named: "noise1")
    let identity = Tensor(shape: [3, 3], values: [1, 0, 0, 0, 1, 0, 0, 0, 1])
    try network.append(Dense(weight: identity), named: "identity")
    try network.append(Noise(.laplace, scale: 1, stream: 1), named: "noise2")
    // Z1 and Z2 in two parts each, and v = max(0, (-2 - Z1) - (t - Z3)).
    try network.append(
      Dense(
        weight: Tensor(
          shape: [5, 3], values: [1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, -1, 0, 1]),
        bias: Tensor(shape: [5], values: [0, 0, 0, 0, Float(-2 - lowest)])), named: "parts")
    try network.append(Activation(.relu), named: "relu")
    // Cell c has the score c Z2 - (t_1 + ... + t_c): it is the largest between t_c and t_(c + 1).
    let slope: Float = 1e6
    var weights: [Float] = [slope, -slope, 0, 0, 0, -slope, slope, 0, 0, -slope]
    var biases: [Float] = [-2 * slope, -2 * slope]
    var sum = 0.0
    for cell in 0..<cells {
      if cell > 0 { sum -= quantile(Double(cell) / Double(cells)) }
      weights += [0, 0, Float(cell), Float(-cell), 0]
      biases.append(Float(-sum))
    }
    try network.append(
      Dense(
        weight: Tensor(shape: [cells + 2, 5], values: weights),
        bias: Tensor(shape: [cells + 2], values: biases)), named: "logits")
    return network
  }

  /// The probability that the sum of two independent Laplace variables of scale 1 exceeds t.
  private static func tail(_ t: Double) -> Double {
    t >= 0 ? exp(-t) * (1 + t / 2) / 2 : 1 - tail(-t)
  }

  /// The t whose upper tail is `probability`.
  private static func quantile(_ probability: Double) -> Double {
    root(in: -60...60) { probability - tail($0) }
  }

  /// Where a rising function changes its sign.
  private static func root(in range: ClosedRange<Double>, _ value: (Double) -> Double) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if value(middle) > 0 { high = middle } else { low = middle }
    }
    return high
  }
}
