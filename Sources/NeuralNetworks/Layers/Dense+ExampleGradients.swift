internal import Tensors

/// With `g_t` the output's gradient and `a_t` the input in row t of an example, its weights'
/// gradient is `sum over t of g_t a_t^T` and its bias's `sum of g_t`, so the squared norm is
/// `sum over s, t of (g_s . g_t) (a_s . a_t + 1)`, which needs neither: for one row
/// `|g|^2 (|a|^2 + 1)` (I. Goodfellow, "Efficient Per-Example Gradient Computations", 2015).
/// Rows are kept; O(rows^2 (inputs + outputs)) for an example.
extension DenseOperation: ExampleGradientOperation {
  /// The gradients' rows, then the inputs' rows.
  var keptCount: Int { capacity * rows * outputs + keptInputs }
  /// The first starts on a cache line.
  private var keptInputs: Int { (capacity * rows * inputs + 15) / 16 * 16 }

  private func kept(
    _ call: Call
  ) -> (gradients: UnsafeMutablePointer<Float>, inputs: UnsafeMutablePointer<Float>) {
    (call.kept + keptInputs, call.kept)
  }

  func measureParameterGradients(_ call: Call, squaredNorms: UnsafeMutablePointer<Double>) {
    mask(call)
    let (gradients, values) = kept(call)
    gradients.update(from: call.outputGradient, count: call.count * rows * outputs)
    values.update(from: call.inputs[0], count: call.count * rows * inputs)
    let constant = bias == nil ? 0.0 : 1.0
    for example in 0..<call.count {
      let g = gradients + example * rows * outputs
      let a = values + example * rows * inputs
      var sum = 0.0
      for s in 0..<rows {
        for t in 0...s {
          let product =
            dot(g + s * outputs, g + t * outputs, count: outputs)
            * (dot(a + s * inputs, a + t * inputs, count: inputs) + constant)
          sum += s == t ? product : 2 * product
        }
      }
      guard rows > 1 else {
        squaredNorms[example] += sum
        continue
      }
      // Where rows cancel, what is added later is not what the inner products say, but has the
      // roundings of its own sum, whose norm is at most this.
      let roundings = (0..<rows).reduce(0.0) { total, t in
        let gradient = dot(g + t * outputs, g + t * outputs, count: outputs)
        return total
          + (gradient * (dot(a + t * inputs, a + t * inputs, count: inputs) + constant))
          .squareRoot()
      }
      let norm = max(sum, 0).squareRoot() + Double(rows + 2) * 0x1p-24 * roundings
      // A sum that is no number stays none.
      squaredNorms[example] += sum.isNaN ? sum : norm * norm
    }
  }

  func addKeptGradients(
    _ call: Call, scaledBy factors: UnsafePointer<Float>, to sums: [GradientBuffer]
  ) {
    let (gradients, values) = kept(call)
    for example in 0..<call.count {
      let factor = factors[example]
      let g = gradients + example * rows * outputs
      if factor == 0 {
        g.update(repeating: 0, count: rows * outputs)
        (values + example * rows * inputs).update(repeating: 0, count: rows * inputs)
      } else if factor != 1 {
        for index in 0..<rows * outputs { g[index] *= factor }
      }
    }
    let count = call.count * rows
    sums[0].addOuterProducts(gradients, values, rows: outputs, columns: inputs, count: count)
    guard bias != nil else { return }
    for row in 0..<count { add(gradients + row * outputs, to: sums[1].sum, count: outputs) }
  }
}
