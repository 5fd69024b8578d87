public import ArgumentParser
public import Gauntlet

extension Adversary.RadiusLaw: ExpressibleByArgument {}

/// What adversarial training is told.
struct AdversaryOptions: ParsableArguments {
  @Option(
    name: .customLong("attack"),
    help: ArgumentHelp(
      "Trains on images perturbed by this attack: NAME or NAME:key=value,...; of several, each "
        + "example meets one in turn.", valueName: "attack"))
  var attacks: [String] = []

  @Option(help: ArgumentHelp("The attack's size, such as 0.3 or 8/255.", valueName: "size"))
  var epsilon: String?

  @Option(help: "The attack's norm; by default its first.")
  var norm: Norm?

  @Option(help: "The size in each step: fixed, or uniform, a random part of it.")
  var radiusLaw = Adversary.RadiusLaw.fixed

  @Option(
    help: ArgumentHelp(
      "Steps over which the size rises from 0; at full size at once, training may not begin to "
        + "learn.", valueName: "steps"))
  var epsilonWarmUp = 500

  @Option(help: "The probability with which an example is perturbed.")
  var adversarialShare = 1.0

  func validate() throws {
    guard attacks.isEmpty == (epsilon == nil) else {
      throw ValidationError("--attack and --epsilon are given together or not at all")
    }
    guard epsilonWarmUp >= 0 else {
      throw ValidationError("--epsilon-warm-up is not to be negative: \(epsilonWarmUp)")
    }
    guard adversarialShare > 0 && adversarialShare <= 1 else {
      throw ValidationError(
        "--adversarial-share is to be more than 0 and at most 1, not \(adversarialShare)")
    }
  }

  /// What they stand for, and all that decides what it does; nil without an attack.
  func adversary(
    seed: UInt64, threads: Int
  ) throws -> (adversary: Adversary, description: String)? {
    guard let epsilon else { return nil }
    let methods = try attacks.map { try Attacks.parse($0) }
    let norm = norm ?? type(of: methods[0]).information.norms[0]
    for method in methods {
      let information = type(of: method).information
      guard information.norms.contains(norm) else {
        throw UsageError("attack '\(information.name)' is not defined for norm \(norm.rawValue)")
      }
    }
    let size = try Epsilon(epsilon)
    let names = methods.map { method in
      let parameters = Attacks.parameters(of: method).map { "\($0.name)=\($0.value)" }
      return type(of: method).information.name + ":" + parameters.joined(separator: ",")
    }
    return (
      Adversary(
        attacks: methods, norm: norm, radius: size.radius, law: radiusLaw, warmUp: epsilonWarmUp,
        share: adversarialShare, seed: seed, threads: threads),
      "\(names.joined(separator: " ")) \(norm.rawValue) \(radiusLaw.rawValue) \(size.radius) "
        + "warm-up \(epsilonWarmUp) share \(adversarialShare)"
    )
  }
}
