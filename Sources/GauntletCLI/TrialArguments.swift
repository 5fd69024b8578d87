import ArgumentParser
import Gauntlet

/// How certificates are tried.
struct TrialArguments: ParsableArguments {
  @Option(help: "The norm of the certificates: linf, l2 or l1.")
  var norm = Norm.l2

  @Option(
    help: ArgumentHelp(
      "The attack size asked about; only formulas as published depend on it.", valueName: "size"))
  var attackSize = 0.25

  @Option(help: ArgumentHelp("Steps of each ascent; 0 for straight ways only.", valueName: "n"))
  var steps = TrialOptions().steps

  @Option(
    help: ArgumentHelp("Rival classes with a direction of their own.", valueName: "n"))
  var rivals = TrialOptions().rivals

  @Option(help: ArgumentHelp("Draws that compare the points found.", valueName: "n"))
  var comparisonDraws = TrialOptions().selectionDraws

  @Option(help: ArgumentHelp("Fresh draws that decide about the best point.", valueName: "n"))
  var judgementDraws = TrialOptions().judgementDraws

  @Option(
    help: ArgumentHelp(
      "The probability of calling a certificate broken that holds.", valueName: "p"))
  var trialAlpha = TrialOptions().alpha

  @Flag(
    help: "Searches only within the range of the data; certificates speak of all points.")
  var clip = false

  /// - Throws: `CertificationError`.
  func options(gradientDraws: Int) throws -> TrialOptions {
    var options = TrialOptions()
    options.steps = steps
    options.gradientDraws = gradientDraws
    options.rivals = rivals
    options.targets = min(options.targets, rivals)
    options.selectionDraws = comparisonDraws
    options.judgementDraws = judgementDraws
    options.alpha = trialAlpha
    options.clips = clip
    try options.validate()
    return options
  }
}
