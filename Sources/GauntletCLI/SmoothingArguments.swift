import ArgumentParser
import Gauntlet

/// Noise in the model, and what is asked of the noisy model.
struct SmoothingArguments: ParsableArguments {
  @Option(
    name: .customLong("noise"),
    help: ArgumentHelp(
      "Noise to put into the model: gaussian or laplace, scale=S or epsilon=E,delta=D,size=L, "
        + "after=NODE (default: the input), r=uniform, weights, relevance, random or a file; may be "
        + "repeated.", valueName: "family:key=value,..."))
  var noises: [String] = []

  @Option(
    name: .customLong("certify"),
    help: ArgumentHelp(
      "A certifier from 'gauntlet certifiers'; may be repeated.", valueName: "name[:key=value]"))
  var certifiers: [String] = []

  @Option(help: ArgumentHelp("Draws that decide about an image.", valueName: "n"))
  var draws = 1000

  @Option(
    help: ArgumentHelp(
      "Draws that pick an image's class, and compare what an attack proposes.", valueName: "n"))
  var selectionDraws = 100

  @Option(
    help: ArgumentHelp(
      "The failure probability of the statement about one image.", valueName: "p"))
  var alpha = 0.001

  @Option(
    help: ArgumentHelp(
      "What of the draws is bounded: votes, or mean softmax outputs by the inequality of hoeffding "
        + "or bernstein.", valueName: "name"))
  var estimate: SmoothingOptions.Estimate = .votes

  @Flag(help: "Ends the draws of an image as soon as the sizes asked are decided.")
  var sequential = false

  @Option(
    help: ArgumentHelp(
      "Draws that an attack's gradient is averaged over.", valueName: "n"))
  var gradientDraws = 8

  @Flag(help: "Attacks the model without its noise, as the papers did.")
  var surrogate = false

  @Option(
    help: ArgumentHelp(
      "Write the first certifier's radii of the clean images, tab-separated "
        + "(idx label predict radius correct time).", valueName: "file"))
  var certificates: String?

  @Option(
    help: ArgumentHelp(
      "Draw certified accuracy against the size for every certifier.", valueName: "file.svg"))
  var chart: String?

  func validate() throws {
    if chart != nil && certifiers.isEmpty {
      throw ValidationError("--chart is given without --certify")
    }
    _ = try noiseArguments()
    if certificates != nil && certifiers.isEmpty {
      throw ValidationError("--certificates is given without --certify")
    }
    if surrogate && gradientDraws != 8 {
      throw ValidationError("--gradient-draws has no meaning with --surrogate")
    }
  }

  func noiseArguments() throws -> [NoiseArgument] { try noises.map { try NoiseArgument($0) } }

  var options: SmoothingOptions {
    SmoothingOptions(
      draws: draws, selectionDraws: selectionDraws, alpha: alpha,
      gradient: surrogate ? .surrogate : .expectation(draws: gradientDraws),
      estimate: estimate)
  }

  /// - Throws: `CertifierError` and the like for names and parameters that do not exist.
  func chosen() throws -> [any Certifier] { try certifiers.map { try Certifiers.parse($0) } }
}

/// `gaussian:scale=0.25,after=conv1,r=weights`
struct NoiseArgument {
  var request: NoiseRequest
  /// What follows `r=`.
  var redistribution: String?

  private static let keys = [
    "after", "delta", "epsilon", "mechanism", "norm", "r", "scale", "size",
  ]

  init(_ text: String) throws {
    func problem(_ text: String) -> ValidationError { ValidationError("--noise: \(text)") }
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard let family = NoiseFamily(rawValue: parts.first ?? "") else {
      throw problem("'\(text)' does not begin with gaussian or laplace")
    }
    var values: [String: String] = [:]
    for pair in parts.count == 2 ? parts[1].split(separator: ",") : [] {
      let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2, Self.keys.contains(sides[0]) else {
        throw problem("'\(pair)' is none of \(Self.keys.map { "\($0)=" }.joined(separator: ", "))")
      }
      guard values.updateValue(sides[1], forKey: sides[0]) == nil else {
        throw problem("'\(sides[0])' is given twice")
      }
    }
    func number(_ key: String) throws -> Double? {
      guard let text = values[key] else { return nil }
      do { return try Epsilon(text).value } catch { throw problem("\(key) '\(text)' is no number") }
    }
    redistribution = values["r"]
    let strength: NoiseRequest.Strength
    if let scale = try number("scale") {
      for key in ["epsilon", "delta", "mechanism", "norm", "size"] where values[key] != nil {
        throw problem("'\(key)' and 'scale' exclude each other")
      }
      strength = .scale(scale)
    } else {
      guard let epsilon = try number("epsilon"), let size = try number("size") else {
        throw problem("'\(text)' has neither scale= nor epsilon= and size=")
      }
      let name = values["mechanism"] ?? (family == .laplace ? "laplace" : "analytic")
      guard let mechanism = Mechanism(rawValue: name) else {
        let names = Mechanism.allCases.map(\.rawValue).joined(separator: ", ")
        throw problem("there is no mechanism '\(name)'; there are \(names)")
      }
      guard let norm = Norm(rawValue: values["norm"] ?? "linf") else {
        throw problem("there is no norm '\(values["norm"] ?? "")'")
      }
      guard let delta = try number("delta") ?? (family == .laplace ? 0 : nil) else {
        throw problem("gaussian noise for an epsilon also needs delta=")
      }
      strength = .calibrated(
        mechanism, epsilon: epsilon, delta: delta, attackSize: size, norm: norm)
    }
    request = NoiseRequest(family: family, node: values["after"], strength: strength)
  }
}
