internal import Tensors

/// The matrix product of two values: `[..., m, k]` and `[..., k, n]` to `[..., m, n]`; leading axes
/// broadcast.
public struct MatrixProduct: Layer {
  public static let kind = "matrix-product"

  public init() {}

  public func outputShape(for inputs: [[Int]]) throws(ShapeError) -> [Int] {
    guard inputs.count == 2 else { throw ShapeError("takes two inputs, got \(inputs.count)") }
    let (left, right) = (inputs[0], inputs[1])
    guard left.count >= 2, right.count >= 2, left[left.count - 1] == right[right.count - 2],
      let leading = Array(left.dropLast(2)).broadcast(with: Array(right.dropLast(2)))
    else { throw ShapeError("cannot multiply matrices of shapes \(left) and \(right)") }
    return leading + [left[left.count - 2], right[right.count - 1]]
  }

  public func evaluate(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let products = Products(inputs[0].shape, inputs[1].shape)
    let (m, n, k) = (products.m, products.n, products.k)
    let (a, b) = (inputs[0].values, inputs[1].values)
    var result = ReferenceTensor(zeros: products.shape)
    for product in products.left.indices {
      let (left, right) = (products.left[product], products.right[product])
      for i in 0..<m {
        for j in 0..<n {
          var sum = 0.0
          for p in 0..<k { sum += a[left + i * k + p] * b[right + p * n + j] }
          result.values[(product * m + i) * n + j] = sum
        }
      }
    }
    return result
  }

  public func operation(for inputs: [[Int]], capacity: Int) -> any Operation {
    MatrixProductOperation(
      products: Products(inputs[0], inputs[1]),
      sizes: (inputs[0].elementCount, inputs[1].elementCount))
  }

  /// The products that one example takes: where their factors start.
  fileprivate struct Products {
    let m: Int, n: Int, k: Int
    let left: [Int], right: [Int]
    let shape: [Int]

    init(_ a: [Int], _ b: [Int]) {
      let shape = checked { () throws(ShapeError) in try MatrixProduct().outputShape(for: [a, b]) }
      (m, n, k) = (a[a.count - 2], b[b.count - 1], a[a.count - 1])
      let leading = Array(shape.dropLast(2))
      let (m, n, k) = (m, n, k)
      left = leading.offsets(strides: Array(a.dropLast(2)).broadcastStrides(to: leading))
        .map { $0 * m * k }
      right = leading.offsets(strides: Array(b.dropLast(2)).broadcastStrides(to: leading))
        .map { $0 * k * n }
      self.shape = shape
    }
  }
}

private struct MatrixProductOperation: Operation {
  let products: MatrixProduct.Products
  let sizes: (left: Int, right: Int)

  var backwardReads: BackwardReads { [.inputs] }
  private var outputSize: Int { products.left.count * products.m * products.n }

  func forward(_ call: Call) {
    let (m, n, k) = (products.m, products.n, products.k)
    for example in 0..<call.count {
      for product in products.left.indices {
        BLAS.multiply(
          call.inputs[0] + example * sizes.left + products.left[product],
          call.inputs[1] + example * sizes.right + products.right[product], m: m, n: n, k: k,
          into: call.output + example * outputSize + product * m * n)
      }
    }
  }

  /// `dA = dY B^T` and `dB = A^T dY`, summed where a factor is used more than once.
  func backward(_ call: Call) {
    let (m, n, k) = (products.m, products.n, products.k)
    for case let (target?, size) in zip(call.inputGradients, [sizes.left, sizes.right]) {
      target.update(repeating: 0, count: call.count * size)
    }
    for example in 0..<call.count {
      for product in products.left.indices {
        let gradient = UnsafePointer(call.outputGradient) + example * outputSize + product * m * n
        let left = example * sizes.left + products.left[product]
        let right = example * sizes.right + products.right[product]
        if let target = call.inputGradients[0] {
          BLAS.multiply(
            gradient, call.inputs[1] + right, transposeB: true, m: m, n: k, k: n, beta: 1,
            into: target + left)
        }
        if let target = call.inputGradients[1] {
          BLAS.multiply(
            call.inputs[0] + left, transposeA: true, gradient, m: k, n: n, k: m, beta: 1,
            into: target + right)
        }
      }
    }
  }
}
