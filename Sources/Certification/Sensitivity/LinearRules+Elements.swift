internal import NeuralNetworks
internal import Tensors

// Layers that move, scale or add elements.

extension Reshape: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    [SparseMatrix(identity: operands[0].count)]
  }
}

extension Dropout: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    [SparseMatrix(identity: operands[0].count)]
  }
}

extension Noise: LinearRule {
  /// What is added does not depend on the input.
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    [SparseMatrix(identity: operands[0].count)]
  }
}

extension Transpose: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    [SparseMatrix(gathering: sources(operands[0].shape), of: operands[0].count)]
  }
}

extension Selection: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    let extent = operands[0].shape[axis]
    let (outer, inner) = operands[0].shape.around(axis)
    var sources: [Int?] = []
    for block in 0..<outer {
      for index in indices {
        for element in 0..<inner {
          sources.append(index.map { (block * extent + $0) * inner + element })
        }
      }
    }
    return [SparseMatrix(gathering: sources, of: operands[0].count)]
  }
}

extension Concatenation: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    let runs = operands.map { $0.shape[axis...].reduce(1, *) }
    let blocks = shape[..<axis].reduce(1, *)
    return operands.indices.map { operand in
      guard operands[operand].constant == nil else { return nil }
      var sources: [Int?] = []
      for block in 0..<blocks {
        for (index, run) in runs.enumerated() {
          for element in 0..<run {
            sources.append(index == operand ? block * run + element : nil)
          }
        }
      }
      return SparseMatrix(gathering: sources, of: operands[operand].count)
    }
  }
}

extension Sum: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    guard !rectified else { throw .notAffine }
    return operands.map { $0.constant == nil ? SparseMatrix(identity: $0.count) : nil }
  }
}

extension Affine: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    let (channels, inner) = runs(over: shape)
    let count = operands[0].count
    return [
      SparseMatrix(
        gathering: Array(0..<count), of: count,
        times: (0..<count).map { Double(scale.values[$0 / inner % channels]) })
    ]
  }
}

extension BatchNormalization: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    try affine.parts(of: operands, result: shape)
  }
}

extension Arithmetic: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    let places = operands.map { $0.shape.broadcastIndices(to: shape) }
    func gather(_ operand: Int, times factors: [Double]? = nil) -> SparseMatrix? {
      guard operands[operand].constant == nil else { return nil }
      return SparseMatrix(
        gathering: places[operand], of: operands[operand].count, times: factors)
    }
    switch function {
    case .add: return [gather(0), gather(1)]
    case .subtract:
      return [gather(0), gather(1, times: [Double](repeating: -1, count: places[1].count))]
    case .multiply:
      if let constant = operands[1].constant {
        return [gather(0, times: places[1].map { constant[$0] }), nil]
      }
      guard let constant = operands[0].constant else { throw .notAffine }
      return [nil, gather(1, times: places[0].map { constant[$0] })]
    case .divide:
      guard let constant = operands[1].constant else { throw .notAffine }
      return [gather(0, times: places[1].map { 1 / constant[$0] }), nil]
    case .maximum, .minimum: throw .notAffine
    }
  }
}
