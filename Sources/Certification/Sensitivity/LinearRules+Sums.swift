internal import NeuralNetworks
internal import Tensors

// Layers whose elements are weighted sums of what they read.

extension Dense: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    guard !rectified else { throw .notAffine }
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let count = operands[0].count
    var builder = SparseMatrix.Builder(columnCount: count, capacity: count * outputs)
    for row in 0..<count / inputs {
      for output in 0..<outputs {
        for input in 0..<inputs {
          builder.add(Double(weight.values[output * inputs + input]), at: row * inputs + input)
        }
        builder.endRow()
      }
    }
    return [try builder.finished()]
  }
}

extension Convolution: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    guard !rectified, let window = try? window(for: operands[0].shape) else { throw .notAffine }
    let (filters, perGroup) = (weight.shape[0], weight.shape[1])
    var builder = SparseMatrix.Builder(
      columnCount: operands[0].count,
      capacity: shape.reduce(1, *) * perGroup * window.kernel.y * window.kernel.x)
    for filter in 0..<filters {
      let firstChannel = filter / (filters / groups) * perGroup
      for oy in 0..<window.outHeight {
        for ox in 0..<window.outWidth {
          for channel in 0..<perGroup {
            for ky in 0..<window.kernel.y {
              let y = oy * stride.y - padding.top + ky * dilation.y
              guard y >= 0 && y < window.height else { continue }
              for kx in 0..<window.kernel.x {
                let x = ox * stride.x - padding.left + kx * dilation.x
                guard x >= 0 && x < window.width else { continue }
                let place =
                  ((filter * perGroup + channel) * window.kernel.y + ky) * window.kernel.x + kx
                builder.add(
                  Double(weight.values[place]),
                  at: ((firstChannel + channel) * window.height + y) * window.width + x)
              }
            }
          }
          builder.endRow()
        }
      }
    }
    return [try builder.finished()]
  }
}

extension AveragePool: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    guard let window = try? window(for: operands[0].shape) else { throw .notAffine }
    var builder = SparseMatrix.Builder(columnCount: operands[0].count)
    for channel in 0..<window.channels {
      for oy in 0..<window.outHeight {
        for ox in 0..<window.outWidth {
          let factor = 1 / Double(divisor(window, oy, ox))
          let (top, left) = (oy * stride.y - window.padTop, ox * stride.x - window.padLeft)
          for y in max(top, 0)..<min(top + window.kernel.y, window.height) {
            for x in max(left, 0)..<min(left + window.kernel.x, window.width) {
              builder.add(factor, at: (channel * window.height + y) * window.width + x)
            }
          }
          builder.endRow()
        }
      }
    }
    return [try builder.finished()]
  }
}

extension Reduction: LinearRule {
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    guard function == .mean || function == .sum else { throw .notAffine }
    let (starts, steps) = places(operands[0].shape)
    let factor = function == .mean ? 1 / Double(steps.count) : 1
    var builder = SparseMatrix.Builder(columnCount: operands[0].count)
    for start in starts {
      for step in steps { builder.add(factor, at: start + step) }
      builder.endRow()
    }
    return [try builder.finished()]
  }
}

extension MatrixProduct: LinearRule {
  /// Affine where one factor is constant.
  func parts(
    of operands: [LinearOperand], result shape: [Int]
  ) throws(LinearProblem) -> [SparseMatrix?] {
    let (a, b) = (operands[0].shape, operands[1].shape)
    let (m, n, k) = (a[a.count - 2], b[b.count - 1], a[a.count - 1])
    let leading = Array(shape.dropLast(2))
    let left = Array(a.dropLast(2)).broadcastIndices(to: leading).map { $0 * m * k }
    let right = Array(b.dropLast(2)).broadcastIndices(to: leading).map { $0 * k * n }
    let readsLeft = operands[0].constant == nil
    guard let constant = operands[readsLeft ? 1 : 0].constant else { throw .notAffine }
    var builder = SparseMatrix.Builder(columnCount: operands[readsLeft ? 0 : 1].count)
    for product in left.indices {
      for i in 0..<m {
        for j in 0..<n {
          for p in 0..<k {
            let (x, y) = (left[product] + i * k + p, right[product] + p * n + j)
            if readsLeft {
              builder.add(constant[y], at: x)
            } else {
              builder.add(constant[x], at: y)
            }
          }
          builder.endRow()
        }
      }
    }
    let matrix = try builder.finished()
    return readsLeft ? [matrix, nil] : [nil, matrix]
  }
}
