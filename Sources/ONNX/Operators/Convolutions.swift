import NeuralNetworks
import Tensors

extension Operator {
  /// Convolutions.
  static let convolutions: [String: Operator] = [
    "Conv": Operator(.evaluates, convolution)
  ]

  @Sendable private static func convolution(
    _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> [Value] {
    let x = try builder.activation(try node.input(0), for: node)
    var weight = try node.weights(1)
    let image = try SpatialInput(x, node, &builder)
    guard weight.shape.count == x.shape.count else {
      throw node.problem("weights \(weight.shape) do not fit input \(x.shape)")
    }
    if image.isLine {
      weight = weight.reshaped([weight.shape[0], weight.shape[1], 1, weight.shape[2]])
    }
    let kernel = Window.Pair(weight.shape[2], weight.shape[3])
    if let stated = try node.integers("kernel_shape"),
      stated != Array(image.isLine ? [kernel.x] : [kernel.y, kernel.x])
    {
      throw node.problem("kernel_shape \(stated) is not that of weights \(weight.shape)")
    }
    let sliding = try Sliding(node, kernel: kernel, over: image)
    let bias = try node.optional(2) == nil ? nil : node.weights(2)
    let groups = try node.integer("group", default: 1)
    guard weight.shape[0] > 0, groups > 0, groups <= weight.shape[0] else {
      throw node.problem("weights \(weight.shape) do not make \(groups) groups")
    }
    guard bias == nil || bias?.shape == [weight.shape[0]] else {
      throw node.problem("bias \(bias?.shape ?? []) does not fit weights \(weight.shape)")
    }
    let layer = Convolution(
      weight: weight, bias: bias, stride: sliding.stride, dilation: sliding.dilation,
      padding: sliding.padding, groups: groups)
    return [try image.finish(layer, node, &builder)]
  }
}

/// The input of a convolution or pooling, `[1, channels, height, width]`, or
/// `[1, channels, length]`, which is an image of height 1.
struct SpatialInput {
  let number: Int
  let height: Int, width: Int
  let isLine: Bool

  init(_ x: Activated, _ node: Node, _ builder: inout GraphBuilder) throws(ONNXProblem) {
    guard x.shape.count == 4 || x.shape.count == 3, x.shape[0] == 1 else {
      throw node.problem("takes [batch, channels, height, width], got \(x.shape)")
    }
    isLine = x.shape.count == 3
    (height, width) = isLine ? (1, x.shape[2]) : (x.shape[2], x.shape[3])
    number = try builder.read(x, as: [x.shape[1], height, width], for: node)
  }

  /// Adds the layer; its result has as many axes as the input.
  func finish(
    _ layer: any Layer, _ node: Node, _ builder: inout GraphBuilder
  ) throws(ONNXProblem) -> Value {
    let result = try builder.append(layer, reading: [number], for: node)
    let shape = builder.network.shapes[result]
    return .activation(
      Activated(number: result, shape: isLine ? [1, shape[0], shape[2]] : [1] + shape))
  }
}

/// Stride, dilation and padding of a node, with `auto_pad` worked out.
struct Sliding {
  let stride: Window.Pair, dilation: Window.Pair
  let padding: Padding

  init(_ node: Node, kernel: Window.Pair, over image: SpatialInput) throws(ONNXProblem) {
    func pair(_ name: String) throws(ONNXProblem) -> Window.Pair {
      guard let values = try node.integers(name), !values.isEmpty else { return .init(1, 1) }
      guard values.count == (image.isLine ? 1 : 2),
        values.allSatisfy({ $0 > 0 && $0 < 1 << 20 })
      else { throw node.problem("attribute '\(name)' is \(values)") }
      return image.isLine ? .init(1, values[0]) : .init(values[0], values[1])
    }
    stride = try pair("strides")
    dilation = try pair("dilations")
    guard kernel.y > 0, kernel.x > 0, kernel.y < 1 << 20, kernel.x < 1 << 20 else {
      throw node.problem("the window \(kernel.y) x \(kernel.x) is impossible")
    }
    let mode = try node.string("auto_pad", default: "NOTSET")
    switch mode {
    case "NOTSET", "":
      let pads = try node.integers("pads") ?? []
      let expected = image.isLine ? 2 : 4
      guard pads.isEmpty || pads.count == expected, pads.allSatisfy({ $0 >= 0 && $0 < 1 << 20 })
      else { throw node.problem("attribute 'pads' is \(pads)") }
      padding =
        pads.isEmpty
        ? Padding()
        : image.isLine
          ? Padding(left: pads[0], right: pads[1])
          : Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
    case "VALID": padding = Padding()
    case "SAME_UPPER", "SAME_LOWER":
      let (stride, dilation) = (stride, dilation)
      func missing(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> (Int, Int) {
        let outputs = (size + stride - 1) / stride
        let total = max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
        return mode == "SAME_UPPER"
          ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
      }
      let (top, bottom) = missing(image.height, kernel.y, stride.y, dilation.y)
      let (left, right) = missing(image.width, kernel.x, stride.x, dilation.x)
      padding = Padding(top: top, left: left, bottom: bottom, right: right)
    default: throw node.problem("auto_pad '\(mode)' is not known")
    }
  }
}
