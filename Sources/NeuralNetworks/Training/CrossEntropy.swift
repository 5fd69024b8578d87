#if canImport(Glibc)
  internal import Glibc
#endif

/// The softmax cross-entropy `-log softmax(z)[label]`, in double precision.
enum CrossEntropy {
  /// The losses' sum over `labels.count` rows of `classes` logits, and how many rows have their
  /// first maximum at the label. Writes `scale (softmax(z) - onehot(label))`, the gradient of the
  /// scaled sum.
  static func evaluate(
    _ logits: UnsafePointer<Float>, labels: ArraySlice<Int>, classes: Int, scale: Double,
    gradient: UnsafeMutablePointer<Float>
  ) -> (loss: Double, correct: Int) {
    var total = 0.0
    var correct = 0
    for (row, label) in labels.enumerated() {
      let z = logits + row * classes
      var best = 0
      for index in 1..<max(classes, 1) where z[index] > z[best] { best = index }
      var sum = 0.0
      for index in 0..<classes { sum += exp(Double(z[index]) - Double(z[best])) }
      total += log(sum) - (Double(z[label]) - Double(z[best]))
      if best == label { correct += 1 }
      for index in 0..<classes {
        let share = exp(Double(z[index]) - Double(z[best])) / sum
        gradient[row * classes + index] = Float(scale * (share - (index == label ? 1 : 0)))
      }
    }
    return (total, correct)
  }
}
