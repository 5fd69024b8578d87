import NeuralNetworks
import Tensors

// One layer each: the operators it becomes. Axes count the batch axis, which layers do not have.

extension ExportGraph {
  /// A ReLU behind a value, where the layer has taken one into itself.
  mutating func rectified(_ value: String, _ rectified: Bool, _ place: ExportPlace) -> String {
    rectified ? node("Relu", [value], named: place.name + ".relu") : value
  }
}

extension Dense: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let bias = self.bias.map { graph.constant($0, named: place.name + ".bias") }
    if place.shapes[0].count == 1 {
      let matrix = graph.constant(weight, named: place.name + ".weight")
      let product = graph.node(
        "Gemm", place.inputs + [matrix] + (bias.map { [$0] } ?? []), named: place.name,
        ["transB": .int(1)])
      return graph.rectified(product, rectified, place)
    }
    // MatMul takes the weights the other way round.
    let (rows, columns) = (weight.shape[0], weight.shape[1])
    let turned = Tensor(
      shape: [columns, rows],
      values: (0..<rows * columns).map { weight.values[$0 % rows * columns + $0 / rows] })
    let matrix = graph.constant(turned, named: place.name + ".weight")
    var value = graph.node("MatMul", place.inputs + [matrix], named: place.name)
    if let bias { value = graph.node("Add", [value, bias], named: place.name + ".sum") }
    return graph.rectified(value, rectified, place)
  }
}

extension Convolution: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let constants =
      [graph.constant(weight, named: place.name + ".weight")]
      + (bias.map { [graph.constant($0, named: place.name + ".bias")] } ?? [])
    let result = graph.node(
      "Conv", place.inputs + constants, named: place.name,
      [
        "kernel_shape": .ints([weight.shape[2], weight.shape[3]]),
        "strides": .ints([stride.y, stride.x]), "dilations": .ints([dilation.y, dilation.x]),
        "pads": .ints(padding.list), "group": .int(groups),
      ])
    return graph.rectified(result, rectified, place)
  }
}

extension Padding {
  /// As ONNX lists it.
  fileprivate var list: [Int] { [top, left, bottom, right] }
}

extension MaxPool: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let result = graph.node(
      "MaxPool", place.inputs, named: place.name,
      [
        "kernel_shape": .ints([kernel.y, kernel.x]), "strides": .ints([stride.y, stride.x]),
        "dilations": .ints([dilation.y, dilation.x]), "pads": .ints(padding.list),
        "ceil_mode": .int(roundingUp ? 1 : 0),
      ])
    return graph.rectified(result, rectified, place)
  }
}

extension AveragePool: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    guard let kernel else {
      return graph.node("GlobalAveragePool", place.inputs, named: place.name)
    }
    return graph.node(
      "AveragePool", place.inputs, named: place.name,
      [
        "kernel_shape": .ints([kernel.y, kernel.x]), "strides": .ints([stride.y, stride.x]),
        "pads": .ints(padding.list), "ceil_mode": .int(roundingUp ? 1 : 0),
        "count_include_pad": .int(countsPadding ? 1 : 0),
      ])
  }
}

extension Affine: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    // Broadcasting aligns shapes at their ends.
    let behind = scale.values.count == 1 ? 0 : place.shapes[0].count - axis - 1
    let shape = scale.shape + [Int](repeating: 1, count: behind)
    let factor = graph.constant(scale.reshaped(shape), named: place.name + ".scale")
    let summand = graph.constant(shift.reshaped(shape), named: place.name + ".shift")
    let product = graph.node("Mul", place.inputs + [factor], named: place.name)
    return graph.node("Add", [product, summand], named: place.name + ".sum")
  }
}

extension BatchNormalization: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    guard axis == 0 else { return try affine.export(&place, to: &graph) }
    let constants = [("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)].map {
      graph.constant($1, named: "\(place.name).\($0)")
    }
    return graph.node(
      "BatchNormalization", place.inputs + constants, named: place.name,
      ["epsilon": .float(epsilon)])
  }
}

extension GroupNormalization: ExportableLayer {
  /// As instances of [batch, groups, rest], which every operator set has.
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let shape = place.shapes[0]
    let flat = graph.constant(
      [-1, groups, shape.elementCount / groups], named: place.name + ".groups")
    let back = graph.constant([-1] + shape, named: place.name + ".shape")
    let ones = graph.constant(
      Tensor(repeating: 1, shape: [groups]), named: place.name + ".ones")
    let zeros = graph.constant(Tensor(shape: [groups]), named: place.name + ".zeros")
    let grouped = graph.node(
      "Reshape", place.inputs + [flat], named: place.name + ".grouped")
    let standard = graph.node(
      "InstanceNormalization", [grouped, ones, zeros], named: place.name + ".standard",
      ["epsilon": .float(epsilon)])
    var rest = place
    rest.inputs = [
      graph.node("Reshape", [standard, back], named: place.name + ".restored")
    ]
    return try Affine(scale: gamma.values, shift: beta.values).export(&rest, to: &graph)
  }
}

extension Dropout: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String { place.inputs[0] }
}

extension Reshape: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let target = graph.constant([-1] + shape, named: place.name + ".shape")
    return graph.node("Reshape", place.inputs + [target], named: place.name)
  }
}

extension Transpose: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    graph.node(
      "Transpose", place.inputs, named: place.name,
      ["perm": .ints([0] + permutation.map { $0 + 1 })])
  }
}

extension Concatenation: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    graph.node("Concat", place.inputs, named: place.name, ["axis": .int(axis + 1)])
  }
}

extension Softmax: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    graph.node(
      logarithmic ? "LogSoftmax" : "Softmax", place.inputs, named: place.name,
      ["axis": .int(axis + 1)])
  }
}

extension Sum: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let result = graph.node("Sum", place.inputs, named: place.name)
    return graph.rectified(result, rectified, place)
  }
}

extension Constant: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    // A batch axis of one, which broadcasts.
    graph.constant(value.reshaped([1] + value.shape), named: place.name)
  }
}

extension Arithmetic: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    guard place.shapes[0].count == place.shapes[1].count else {
      throw ExportProblem(description: "shapes \(place.shapes) differ in their number of axes")
    }
    let operation =
      switch function {
      case .add: "Add"
      case .subtract: "Sub"
      case .multiply: "Mul"
      case .divide: "Div"
      case .maximum: "Max"
      case .minimum: "Min"
      }
    return graph.node(operation, place.inputs, named: place.name)
  }
}

extension MatrixProduct: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    guard place.shapes[0].count == place.shapes[1].count else {
      throw ExportProblem(description: "shapes \(place.shapes) differ in their number of axes")
    }
    return graph.node("MatMul", place.inputs, named: place.name)
  }
}

extension Reduction: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let axes = axes.map { $0 + 1 }
    // The sum takes its axes as an input from operator set 13 on, the others from 18 on.
    switch function {
    case .sum:
      let list = graph.constant(axes, named: place.name + ".axes")
      return graph.node(
        "ReduceSum", place.inputs + [list], named: place.name, ["keepdims": .int(1)])
    case .mean, .maximum, .minimum:
      let operation =
        function == .mean ? "ReduceMean" : function == .maximum ? "ReduceMax" : "ReduceMin"
      return graph.node(
        operation, place.inputs, named: place.name, ["axes": .ints(axes), "keepdims": .int(1)])
    }
  }
}

extension Selection: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let extent = place.shapes[0][axis]
    var source = place.inputs[0]
    if indices.contains(nil) {
      // The constant stands once behind the axis, and is gathered from there.
      var pads = [Int](repeating: 0, count: 2 * (place.shapes[0].count + 1))
      pads[place.shapes[0].count + 2 + axis] = 1
      let amounts = graph.constant(pads, named: place.name + ".pads")
      let fill = graph.constant(fill, named: place.name + ".fill")
      source = graph.node("Pad", [source, amounts, fill], named: place.name + ".padded")
    }
    let list = graph.constant(indices.map { $0 ?? extent }, named: place.name + ".indices")
    return graph.node("Gather", [source, list], named: place.name, ["axis": .int(axis + 1)])
  }
}

extension Standardization: ExportableLayer {
  func export(
    _ place: inout ExportPlace, to graph: inout ExportGraph
  ) throws(ExportProblem) -> String {
    let ones = Tensor(repeating: 1, shape: Array(place.shapes[0].suffix(axes)))
    let scale = graph.constant(ones, named: place.name + ".scale")
    return graph.node(
      "LayerNormalization", place.inputs + [scale], named: place.name,
      ["axis": .int(-axes), "epsilon": .float(epsilon)])
  }
}
