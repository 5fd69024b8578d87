internal import NeuralNetworks

/// A layer that can say what it does to a change of its inputs as a matrix, where it is affine.
///
/// The matrices are those of the layer's definition in double precision, ``Layer/evaluate(_:)``.
/// A layer without a rule is not guessed at.
protocol LinearRule: Layer {
  /// For each operand the matrix from a change of its elements to the change of the result's, both
  /// in row-major order; nil for an operand that is constant. The change of the result is the sum.
  ///
  /// An element may carry a relative error of two roundings.
  /// - Throws: `notAffine` where the layer is not affine in the operands that are not constant.
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?]
}

/// What a layer reads: a value that depends on the network's input, or a constant.
struct LinearOperand {
  var shape: [Int]
  /// The elements, where they are the same for every input.
  var constant: [Double]?

  var count: Int { shape.reduce(1, *) }
}
