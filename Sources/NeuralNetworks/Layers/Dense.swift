public import Tensors

/// A fully connected layer: `y = W x + b` along the last axis, then an activation.
///
/// `[..., inputs]` becomes `[..., outputs]`; leading axes are further rows.
public struct Dense: FusibleLayer {
  public static let kind = "dense"
  /// `[outputs, inputs]`.
  public var weight: Tensor
  /// `[outputs]`.
  public var bias: Tensor?
  /// True where the result passes a ReLU.
  public var rectified = false

  public init(weight: Tensor, bias: Tensor? = nil) {
    precondition(weight.shape.count == 2, "weights are [outputs, inputs], not \(weight.shape)")
    precondition(bias == nil || bias?.shape == [weight.shape[0]], "one bias for each output")
    self.weight = weight
    self.bias = bias
  }

  var inputs: Int { weight.shape[1] }
  var outputs: Int { weight.shape[0] }

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    let shape = try single(inputs)
    guard weight.shape.count == 2, bias == nil || bias?.shape == [outputs] else {
      throw ShapeError("weights \(weight.shape) and bias \(bias?.shape ?? []) are no dense layer's")
    }
    guard shape.last == self.inputs else {
      throw ShapeError("takes \(self.inputs) inputs, got shape \(shape)")
    }
    return shape.dropLast() + [outputs]
  }

  public var parameters: [Tensor] {
    get { [weight] + (bias.map { [$0] } ?? []) }
    set {
      weight = newValue[0]
      if bias != nil { bias = newValue[1] }
    }
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let rows = inputs[0].values.count / self.inputs
    var result = ReferenceTensor(zeros: inputs[0].shape.dropLast() + [outputs])
    for row in 0..<rows {
      for output in 0..<outputs {
        var sum = bias.map { Double($0.values[output]) } ?? 0
        for input in 0..<self.inputs {
          sum +=
            Double(weight.values[output * self.inputs + input])
            * inputs[0].values[row * self.inputs + input]
        }
        result.values[row * outputs + output] = rectified ? max(sum, 0) : sum
      }
    }
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    operation(for: inputs, capacity: capacity, purpose: .inputGradient, packing: nil)
  }

  public func operation(
    for inputs: [[Int]], capacity: Int, purpose: Plan.Purpose, packing: Packing?
  ) -> any Operation {
    DenseOperation(
      self, rows: inputs[0].dropLast().reduce(1, *), capacity: capacity, purpose: purpose,
      packing: packing)
  }

  /// A product reads the weights once for 32 rows.
  public func group(for inputs: [[Int]]) -> Int {
    max(32 / inputs[0].dropLast().reduce(1, *), 1)
  }

  public func fused(with next: any Layer, shape: [Int]) -> [any Layer]? {
    guard !rectified else { return nil }
    var result = self
    if let activation = next as? Activation, activation.function == .relu {
      result.rectified = true
      return [result]
    }
    guard let affine = (next as? any AffineLayer)?.affine, affine.runs(over: shape).inner == 1
    else { return nil }
    let (scale, shift) = affine.expanded(to: outputs)
    result.weight = weight.scalingRows(by: scale)
    result.bias = Tensor(
      shape: [outputs],
      values: (0..<outputs).map { (bias?.values[$0] ?? 0) * scale[$0] + shift[$0] })
    return [result]
  }
}

struct DenseOperation: Operation {
  let inputs: Int, outputs: Int, rows: Int
  let capacity: Int
  let bias: [Float]?
  let rectified: Bool
  /// True where gradients of the weights are asked for.
  let trains: Bool
  let forwardMatrix: PackedMatrix
  /// Nil where there is no backward pass.
  let backwardMatrix: PackedMatrix?

  init(
    _ layer: Dense, rows: Int, capacity: Int, purpose: Plan.Purpose, packing: Packing?
  ) {
    self.capacity = capacity
    inputs = layer.inputs
    outputs = layer.outputs
    self.rows = rows
    bias = layer.bias?.values
    rectified = layer.rectified
    trains = purpose.isTraining
    let weights = layer.weight.values
    forwardMatrix = PackedMatrix(
      weights, rows: inputs, columns: outputs, rowStride: 1, columnStride: inputs,
      packing: packing)
    backwardMatrix =
      purpose == .inference
      ? nil
      : PackedMatrix(
        weights, rows: outputs, columns: inputs, rowStride: inputs, columnStride: 1,
        packing: packing)
  }

  var backwardReads: BackwardReads {
    rectified ? [.output, .inputsForParameters] : [.inputsForParameters]
  }

  func forward(_ call: Call) {
    forwardMatrix.multiply(
      left: call.inputs[0], count: call.count * rows, bias: bias, rectified: rectified,
      result: call.output)
  }

  func backward(_ call: Call) {
    guard let target = call.inputGradients[0], let backwardMatrix else { return }
    if !trains { mask(call) }  // in training `addParameterGradients` has done it
    backwardMatrix.multiply(left: call.outputGradient, count: call.count * rows, result: target)
  }

  func addParameterGradients(_ call: Call, to sums: [GradientBuffer]) {
    mask(call)
    let count = call.count * rows
    sums[0].addOuterProducts(
      call.outputGradient, call.inputs[0], rows: outputs, columns: inputs, count: count)
    guard bias != nil else { return }
    for row in 0..<count {
      add(call.outputGradient + row * outputs, to: sums[1].sum, count: outputs)
    }
  }

  /// Factors of an example take at most a 32nd of their product's memory.
  var gradientFactors: GradientFactors? {
    rows * (inputs + outputs) * 32 <= inputs * outputs
      ? GradientFactors(rowsPerExample: rows, rows: outputs, columns: inputs) : nil
  }

  func mask(_ call: Call) {
    guard rectified else { return }
    rectifierGradient(
      call.outputGradient, at: call.output, count: call.count * rows * outputs,
      into: call.outputGradient)
  }
}

extension Tensor {
  /// Each index of the first axis multiplied by its factor, in double precision.
  func scalingRows(by factors: [Float]) -> Tensor {
    let size = rowSize
    return Tensor(
      shape: shape,
      values: values.enumerated().map { Float(Double($1) * Double(factors[$0 / size])) })
  }
}

/// The one shape given to a layer with one input.
func single(_ inputs: [[Int]]) throws(ShapeError) -> [Int] {
  guard inputs.count == 1 else { throw ShapeError("takes one input, got \(inputs.count)") }
  return inputs[0]
}
