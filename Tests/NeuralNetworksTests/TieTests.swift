import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// Plateaus: patches that are the same must give results that are the same, so that a maximum over
/// them goes to the first, as in a direct convolution.
@Suite struct TieTests {
  /// An image of constant rectangles under a Winograd convolution and a maximum: the gradient of
  /// each pool goes to the first of the equal places.
  @Test(arguments: [3, 5]) func maximaOfPlateausGoToTheFirst(kernel: Int) throws {
    let (channels, filters, side) = (16, 32, 24)
    var network = Network(inputShape: [channels, side, side])
    try network.append(
      Convolution(
        weight: randomTensor([filters, channels, kernel, kernel]),
        padding: .init(all: kernel / 2)))
    try network.append(MaxPool(kernel: .init(2, 2)))
    let plan = Plan(network, capacity: 1)
    let values = RandomKey(seed: 12, purpose: .test).normals(channels * 4)
    var image = [Float](repeating: 0, count: channels * side * side)
    for channel in 0..<channels {
      for y in 0..<side {
        for x in 0..<side {
          image[(channel * side + y) * side + x] = values[channel * 4 + y / 12 * 2 + x / 12]
        }
      }
    }
    // What the convolution yields, seen without the maximum.
    let workspace = plan.makeWorkspace()
    workspace.input.update(from: image, count: image.count)
    workspace.forward(count: 1)
    let pooled = (0..<filters * 144).map { workspace.output[$0] }
    // Inside a rectangle, away from its edges by the kernel's reach, all pools are one value.
    let reach = kernel / 2
    for filter in 0..<filters {
      for (rows, columns) in [(0, 0), (0, 12), (12, 0), (12, 12)] {
        let inside = stride(from: rows + 2 * ((reach + 1) / 2), to: rows + 12 - reach - 1, by: 2)
        let across = stride(
          from: columns + 2 * ((reach + 1) / 2), to: columns + 12 - reach - 1, by: 2)
        let first = pooled[
          (filter * 12 + (rows + 2 * ((reach + 1) / 2)) / 2) * 12
            + (columns + 2 * ((reach + 1) / 2)) / 2]
        for y in inside {
          for x in across { #expect(pooled[(filter * 12 + y / 2) * 12 + x / 2] == first) }
        }
      }
    }
    for index in 0..<filters * 144 { workspace.outputGradient[index] = 1 }
    workspace.backward()
    let gradient = (0..<image.count).map { Double(workspace.inputGradient[$0]) }

    // The same by definition: each pool's gradient goes to its first maximum in exact arithmetic.
    let layer = try #require(network.nodes[0].layer as? Convolution)
    var convolution = Network(inputShape: network.inputShape)
    try convolution.append(layer)
    let exact = convolution.evaluate(image.map(Double.init))
    var cotangent = [Float](repeating: 0, count: exact.count)
    for filter in 0..<filters {
      for y in 0..<12 {
        for x in 0..<12 {
          let places = [(0, 0), (0, 1), (1, 0), (1, 1)].map {
            (filter * side + 2 * y + $0.0) * side + 2 * x + $0.1
          }
          // Equal patches differ by rounding in the reference too; 1e-9 is far above that and far
          // below the difference of other patches.
          let largest = places.map { exact[$0] }.max() ?? 0
          let first = places.first { exact[$0] > largest - 1e-9 } ?? places[0]
          cotangent[first] = 1
        }
      }
    }
    let direct = Plan(convolution, capacity: 1).makeWorkspace()
    direct.input.update(from: image, count: image.count)
    direct.forward(count: 1)
    direct.outputGradient.update(from: cotangent, count: cotangent.count)
    direct.backward()
    let scale = gradient.map(abs).max() ?? 0
    for index in gradient.indices {
      #expect(abs(gradient[index] - Double(direct.inputGradient[index])) <= 1e-4 * scale)
    }
  }
}
