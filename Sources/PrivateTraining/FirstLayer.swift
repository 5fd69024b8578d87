internal import NeuralNetworks
internal import Tensors

/// The first layer with weights, as AdLM and StoBatch count it.
struct FirstLayer {
  /// The number of its value.
  let value: Int
  /// d: how many inputs one unit reads.
  let inputs: Int
  /// How many units there are; of a convolution, all maps.
  let units: Int
  /// beta: how many units one feature map has; of a dense layer, all.
  let unitsOfOneMap: Int
  /// `||theta_1||_{1,1}`: the largest sum of the absolute weights that an input goes out with; of a
  /// convolution with a stride, an upper bound.
  let norm: Double

  /// - Throws: ``PrivateTrainingError/network(problem:)`` where there is none, or it is neither
  ///   dense nor a convolution.
  init(of network: Network) throws(PrivateTrainingError) {
    guard let index = network.nodes.firstIndex(where: { !$0.layer.parameters.isEmpty }),
      let weight = network.nodes[index].layer.parameters.first,
      weight.shape.count == 2 || weight.shape.count == 4
    else { throw .network(problem: "its first layer is neither dense nor a convolution") }
    value = index + 1
    let shape = network.shapes[index + 1]
    let filters = weight.shape[0]
    let perFilter = weight.values.count / filters
    inputs = perFilter
    units = shape.elementCount
    unitsOfOneMap = weight.shape.count == 4 ? shape.elementCount / filters : shape.elementCount
    // [filters, channels, kernel...] or [units, inputs].
    let channels = weight.shape[1]
    let perChannel = perFilter / channels
    var sums = [Double](repeating: 0, count: channels)
    for (place, value) in weight.values.enumerated() {
      sums[place / perChannel % channels] += abs(Double(value))
    }
    norm = sums.max() ?? 0
  }
}

extension Network {
  /// The value that the last dense layer reads, and how many numbers it has.
  var lastHidden: (value: Int, units: Int) {
    let value = nodes.last { $0.layer is Dense }?.inputs.first ?? 0
    return (value, shapes[value].elementCount)
  }

  /// The network with the values in front of its last dense layer cut to a range.
  func clippingLastHidden(_ range: ClosedRange<Float>) throws -> Network {
    guard let last = nodes.lastIndex(where: { $0.layer is Dense }), last + 1 == output else {
      throw PrivateTrainingError.network(problem: "there is no dense layer in front of the logits")
    }
    return try inserting(
      Activation(.clip(low: range.lowerBound, high: range.upperBound)), named: "hidden",
      after: lastHidden.value)
  }
}
