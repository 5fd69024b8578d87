internal import Tensors

/// Group normalisation; statistics are kept in single precision, sums taken in double.
struct GroupNormalizationOperation: ExampleGradientOperation {
  let groups: Int, channels: Int
  /// Elements of a channel.
  let inner: Int
  let gamma: [Float], beta: [Float]
  let epsilon: Float
  let capacity: Int

  private var perGroup: Int { channels / groups }
  private var size: Int { channels * inner }

  /// The mean and the factor of each group.
  var savedCount: Int { capacity * groups * 2 }
  var keptCount: Int { capacity * channels * 2 }
  var backwardReads: BackwardReads { [.inputs, .inputsForParameters] }

  func forward(_ call: Call) {
    let count = perGroup * inner
    for group in 0..<call.count * groups {
      let (x, y) = (call.inputs[0] + group * count, call.output + group * count)
      var sum = 0.0
      for i in 0..<count { sum += Double(x[i]) }
      let mean = sum / Double(count)
      var squares = 0.0
      for i in 0..<count { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
      let factor = 1 / (squares / Double(count) + Double(epsilon)).squareRoot()
      call.saved[2 * group] = Float(mean)
      call.saved[2 * group + 1] = Float(factor)
      for part in 0..<perGroup {
        let channel = group % groups * perGroup + part
        let (scale, shift) = (Double(gamma[channel]) * factor, Double(beta[channel]))
        for i in part * inner..<(part + 1) * inner {
          y[i] = Float((Double(x[i]) - mean) * scale + shift)
        }
      }
    }
  }

  /// With `z = (x - mean) factor` and `g = gamma dy`: `dx = factor (g - mean(g) - z mean(g z))`.
  func backward(_ call: Call) {
    guard let target = call.inputGradients[0] else { return }
    let count = perGroup * inner
    for group in 0..<call.count * groups {
      let start = group * count
      let (x, dy) = (call.inputs[0] + start, call.outputGradient + start)
      let (mean, factor) = statistics(call, group)
      var (sum, product) = (0.0, 0.0)
      for part in 0..<perGroup {
        let scale = Double(gamma[group % groups * perGroup + part])
        for i in part * inner..<(part + 1) * inner {
          let g = scale * Double(dy[i])
          sum += g
          product += g * (Double(x[i]) - mean) * factor
        }
      }
      let (level, slope) = (sum / Double(count), product / Double(count))
      for part in 0..<perGroup {
        let scale = Double(gamma[group % groups * perGroup + part])
        for i in part * inner..<(part + 1) * inner {
          let z = (Double(x[i]) - mean) * factor
          target[start + i] = Float(factor * (scale * Double(dy[i]) - level - z * slope))
        }
      }
    }
  }

  func addParameterGradients(_ call: Call, to sums: [GradientBuffer]) {
    for example in 0..<call.count {
      for channel in 0..<channels {
        let (gamma, beta) = gradients(call, example, channel)
        sums[0].sum[channel] += gamma
        sums[1].sum[channel] += beta
      }
    }
  }

  func measureParameterGradients(_ call: Call, squaredNorms: UnsafeMutablePointer<Double>) {
    for example in 0..<call.count {
      let kept = call.kept + example * channels * 2
      for channel in 0..<channels {
        (kept[channel], kept[channels + channel]) = gradients(call, example, channel)
      }
      squaredNorms[example] += dot(kept, kept, count: channels * 2)
    }
  }

  func addKeptGradients(
    _ call: Call, scaledBy factors: UnsafePointer<Float>, to sums: [GradientBuffer]
  ) {
    for example in 0..<call.count where factors[example] != 0 {
      let kept = call.kept + example * channels * 2
      for channel in 0..<channels {
        sums[0].sum[channel] += factors[example] * kept[channel]
        sums[1].sum[channel] += factors[example] * kept[channels + channel]
      }
    }
  }

  /// An example's gradients of one channel: `sum of dy z` and `sum of dy`.
  private func gradients(_ call: Call, _ example: Int, _ channel: Int) -> (Float, Float) {
    let (mean, factor) = statistics(call, example * groups + channel / perGroup)
    let start = example * size + channel * inner
    let (x, dy) = (call.inputs[0] + start, call.outputGradient + start)
    var (scaled, plain) = (0.0, 0.0)
    for i in 0..<inner {
      scaled += Double(dy[i]) * (Double(x[i]) - mean) * factor
      plain += Double(dy[i])
    }
    return (Float(scaled), Float(plain))
  }

  private func statistics(_ call: Call, _ group: Int) -> (mean: Double, factor: Double) {
    (Double(call.saved[2 * group]), Double(call.saved[2 * group + 1]))
  }
}
