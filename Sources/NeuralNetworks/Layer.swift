public import Tensors

/// A differentiable function of one or more values, with its trainable tensors.
///
/// A layer is a value: what it computes, its shapes, its definition in double precision. How it is
/// computed for a chunk is its ``Operation``, made once for a plan. All shapes are per example.
public protocol Layer: Sendable, Codable {
  /// The name of the kind of layer in files and messages.
  static var kind: String { get }

  /// The shape of the result for one example.
  /// - Throws: ``ShapeError`` where these inputs make no sense.
  func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int]

  /// The definition: the result for one example in double precision, slow and plain. Kernels are
  /// checked against it, gradients against its finite differences.
  func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor

  /// The same for chunks of examples.
  /// - Parameter inputs: shapes for which `outputShape(for:)` does not throw.
  func operation(for inputs: [[Int]], capacity: Int) -> any Operation

  /// The same for a plan of one purpose: what only other passes need is not prepared. By default
  /// `operation(for:capacity:)`. The purpose must not change the bits of the result.
  /// - Parameter packing: which once finished makes the operation ready to run; nil: it is at once.
  func operation(
    for inputs: [[Int]], capacity: Int, purpose: Plan.Purpose, packing: Packing?
  ) -> any Operation

  /// How many examples the operation should be given at a time at least, so that weights, once
  /// read, serve enough of them; 1 by default. Concerns speed alone.
  func group(for inputs: [[Int]]) -> Int

  /// The trainable tensors, in a fixed order; none by default.
  var parameters: [Tensor] { get set }

  /// True where, in training, an example's result depends on the others of its batch, so that no
  /// gradient belongs to one example; false by default.
  var mixesExamples: Bool { get }

  /// True where the result has the input's elements in the input's order, so that no work is
  /// needed outside of training.
  var isView: Bool { get }
}

extension Layer {
  public var parameters: [Tensor] {
    get { [] }
    set { precondition(newValue.isEmpty, "\(Self.kind) has no parameters") }
  }
  public var isView: Bool { false }
  public func group(for inputs: [[Int]]) -> Int { 1 }
  public var mixesExamples: Bool { false }
  public func operation(
    for inputs: [[Int]], capacity: Int, purpose: Plan.Purpose, packing: Packing?
  ) -> any Operation { operation(for: inputs, capacity: capacity) }
}

/// The shape and elements of one example in double precision.
public struct ReferenceTensor: Sendable, Equatable {
  public var shape: [Int]
  /// Row-major.
  public var values: [Double]

  public init(shape: [Int], values: [Double]) {
    precondition(shape.elementCount == values.count, "\(shape) does not hold \(values.count)")
    self.shape = shape
    self.values = values
  }

  /// Zeros.
  public init(zeros shape: [Int]) {
    self.init(shape: shape, values: [Double](repeating: 0, count: shape.elementCount))
  }

  /// The elements, each mapped.
  public func map(_ transform: (Double) -> Double) -> ReferenceTensor {
    ReferenceTensor(shape: shape, values: values.map(transform))
  }
}

extension Network {
  /// The output of one example in double precision, layer by layer from their definitions.
  ///
  /// Slow; the yardstick that kernels and gradients are measured with.
  public func evaluate(_ input: [Double]) -> [Double] {
    var values = [ReferenceTensor(shape: inputShape, values: input)]
    for node in nodes.prefix(output) {
      values.append(node.layer.evaluate(node.inputs.map { values[$0] }))
    }
    return values[output].values
  }
}
