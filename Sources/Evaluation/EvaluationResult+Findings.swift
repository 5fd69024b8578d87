internal import Robustness

extension EvaluationResult {
  /// Signs that an attack failed quietly or a number does not mean what it seems to, as sentences.
  ///
  /// From the checks that Carlini et al., "On Evaluating Adversarial Robustness", 2019, ask of
  /// an evaluation, those that a single run can make: gradients that are zero or broken, one step
  /// that beats many, a size that leaves no structure in the image but accuracy above chance.
  public func findings(classCount: Int) -> [String] {
    var result: [String] = []
    if clean.undecided > 0 {
      result.append(
        "\(noPrediction) for \(clean.undecided) of \(clean.examples) clean images")
    }
    for attacks in attacksByName { result += brokenSteps(attacks) }
    result += singleStepBeatsMany()
    for attack in attacks where isHuge(attack) && attack.target == "untargeted" {
      // Chance, and room for the interval of a balanced guess.
      let chance = 1 / Double(max(classCount, 1))
      guard attack.interval.lowerBound > chance else { continue }
      result.append(
        "\(attack.name) at epsilon \(attack.epsilonText) could erase the whole image, yet "
          + "\(percent(attack.accuracy)) stay correct: its gradients may be of no use")
    }
    return result
  }

  /// Logits of NaN, or votes that leave it open which class is the most likely.
  private var noPrediction: String {
    smoothing == nil
      ? "the model has no prediction (NaN)" : "the votes leave the prediction open"
  }

  private var attacksByName: [[AttackResult]] {
    var order: [String] = []
    var groups: [String: [AttackResult]] = [:]
    for attack in attacks {
      let key = "\(attack.name) \(attack.norm.rawValue)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(attack)
    }
    return order.compactMap { groups[$0] }
  }

  /// What went wrong while an attack ran, once for all its sizes.
  private func brokenSteps(_ sizes: [AttackResult]) -> [String] {
    guard let attack = sizes.first else { return [] }
    var result: [String] = []
    if attack.zeroGradients > 0 {
      result.append(
        "\(attack.name): \(attack.zeroGradients) of \(attack.gradients) gradients were zero, on "
          + "\(attack.zeroGradientExamples) of \(attack.attacked) attacked examples: "
          + "the accuracy may be too high")
    }
    if attack.nanGradients + attack.infiniteGradients > 0 {
      result.append(
        "\(attack.name): \(attack.nanGradients) gradients held NaN, "
          + "\(attack.infiniteGradients) infinity: the accuracy may be too high")
    }
    let outside = sizes.reduce(0) { $0 + $1.proposalsOutside }
    if outside > 0 {
      result.append(
        "\(attack.name): \(outside) proposed images were outside of the ball or the bounds "
          + "and were projected")
    }
    let notFinite = sizes.reduce(0) { $0 + $1.proposalsNotFinite }
    if notFinite > 0 {
      result.append(
        "\(attack.name): \(notFinite) proposed images held NaN or infinity; "
          + "the clean values took their place")
    }
    let undecided = sizes.reduce(0) { $0 + $1.undecided } - clean.undecided * sizes.count
    if undecided > 0 {
      result.append(
        "\(attack.name): \(noPrediction) for \(undecided) recorded images; "
          + "they count as incorrect\(smoothing == nil ? "" : " and not as fooled")")
    }
    return result
  }

  /// FGSM fooling more than an attack of many steps at the same size, by more than 0.2 % of the
  /// examples, which is AutoAttack's threshold for such an inversion.
  private func singleStepBeatsMany() -> [String] {
    attacks.filter { $0.attack == "fgsm" }.compactMap { single in
      let beaten = attacks.filter {
        $0.gradients > single.gradients * 2 && $0.norm == single.norm
          && $0.epsilon == single.epsilon && $0.label == single.label
          && $0.target == single.target
          && Double(single.successes - $0.successes) > 0.002 * Double(single.examples)
      }
      guard !beaten.isEmpty else { return nil }
      let names = beaten.map { "\($0.name) (\($0.successes))" }.joined(separator: ", ")
      return "\(single.name) at epsilon \(single.epsilonText) fools \(single.successes) images, "
        + "more than attacks of more steps: \(names); "
        + "the model may hide its gradients, or those need longer steps"
    }
  }

  /// True where the ball holds an image without any structure around every image: half of the
  /// range.
  private func isHuge(_ attack: AttackResult) -> Bool {
    guard attack.norm == .linf, data.range.count == 2 else { return false }
    return attack.epsilon >= (data.range[1] - data.range[0]) / 2
  }

  private func percent(_ share: Double) -> String {
    "\((share * 1000).rounded() / 10) %"
  }
}
