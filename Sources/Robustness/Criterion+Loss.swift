public import Tensors

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension Criterion {
  /// How near the logits come to meeting the criterion: positive where it is met, zero at a tie.
  ///
  /// Untargeted: the largest other logit minus the label's; targeted: the target's minus the
  /// largest other (Carlini and Wagner, "Towards Evaluating the Robustness of Neural Networks",
  /// 2017). NaN logits are passed over as the prediction passes over them; a label of NaN, or no
  /// other number, is as far as can be.
  public func margin(_ logits: some Collection<Float>) -> Double {
    var own = Double.nan
    var other = -Double.infinity
    for (position, logit) in logits.enumerated() {
      if position == label { own = Double(logit) } else { other = max(other, ignoringNaN(logit)) }
    }
    let margin =
      switch self {
      case .untargeted: other - own
      case .targeted: own - other
      }
    return margin.isNaN ? -.infinity : margin
  }

  private func ignoringNaN(_ logit: Float) -> Double { logit.isNaN ? -.infinity : Double(logit) }

  /// The logarithm of the odds that the softmax gives to what is wanted: untargeted, of any class but
  /// the label; targeted, of the target.
  ///
  ///     log(sum of exp(z(j)) over j other than the label) - z(label), targeted its negative
  ///
  /// It orders logits as the cross-entropy does, which is `log(1 + exp(odds))` of it (targeted, of the
  /// negative), and does not saturate. NaN counts as minus infinity, a label of NaN as never met.
  public func logOdds(_ logits: ArraySlice<Float>) -> Double {
    let own = Double(logits[logits.startIndex + label])
    var highest = -Double.infinity
    for (position, logit) in logits.enumerated() where position != label {
      highest = max(highest, ignoringNaN(logit))
    }
    var others = highest
    if highest.isFinite {
      var total = 0.0
      for (position, logit) in logits.enumerated() where position != label {
        total += exp(ignoringNaN(logit) - highest)
      }
      others += log(total)
    }
    let odds =
      switch self {
      case .untargeted: others - own
      case .targeted: own - others
      }
    return odds.isNaN ? -.infinity : odds
  }

  /// The direction, with respect to the logits, in which the softmax cross-entropy moves the
  /// example towards the criterion.
  ///
  /// The derivative is `softmax(z) - onehot(label)` for an untargeted criterion (the loss rises)
  /// and its negative for a targeted one. It equals `1 - p(label)` times
  ///
  ///     q(j) = exp(z(j)) / sum of exp(z(k)) over k other than the label,   q(label) = -sum of q
  ///
  /// and it is this second factor that is written: a positive factor per example changes no attack
  /// that goes by the gradient's direction, and the first one vanishes in single precision for a
  /// model that is sure of itself, which would then look robust. NaN counts as minus infinity.
  public func crossEntropyAscent(
    _ logits: some Collection<Float>, into result: ThreatModel.MutableRow
  ) {
    precondition(logits.count == result.count, "\(logits.count) logits for \(result.count)")
    precondition(result.indices.contains(label), "class \(label) of \(result.count)")
    let largest = Double(Float.greatestFiniteMagnitude)
    var highest = -Double.infinity
    for (position, logit) in logits.enumerated() where position != label {
      highest = max(highest, min(ignoringNaN(logit), largest))
    }
    guard highest > -.infinity else { return result.update(repeating: 0) }
    let sign: Double =
      switch self {
      case .untargeted: 1
      case .targeted: -1
      }
    var total = 0.0
    for (position, logit) in logits.enumerated() where position != label {
      total += exp(min(ignoringNaN(logit), largest) - highest)
    }
    var sum = 0.0
    for (position, logit) in logits.enumerated() where position != label {
      let share = exp(min(ignoringNaN(logit), largest) - highest) / total
      result[position] = Float(sign * share)
      sum += share
    }
    result[label] = Float(-sign * sum)
  }
}

extension [Criterion] {
  /// `Criterion.crossEntropyAscent` for each row of `[count, classes]`: the cotangent of an attack.
  public func crossEntropyAscent(_ logits: Tensor) -> Tensor {
    var result = Tensor(shape: logits.shape)
    crossEntropyAscent(logits, into: &result)
    return result
  }

  /// The same into a tensor of the logits' shape.
  public func crossEntropyAscent(_ logits: Tensor, into result: inout Tensor) {
    precondition(logits.rowCount == count, "\(logits.rowCount) rows for \(count) criteria")
    precondition(result.shape == logits.shape, "\(result.shape) for logits \(logits.shape)")
    for (index, criterion) in enumerated() {
      result.withRow(index) { criterion.crossEntropyAscent(logits.row(index), into: $0) }
    }
  }
}
