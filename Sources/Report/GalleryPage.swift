internal import Evaluation
internal import Foundation
internal import Robustness

/// The page of a gallery: one file, no script, nothing fetched from elsewhere.
struct GalleryPage {
  private let manifest: GalleryManifest
  private let result: EvaluationResult

  init(_ manifest: GalleryManifest, _ result: EvaluationResult) {
    self.manifest = manifest
    self.result = result
  }

  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Adversarial images: \(escaped(modelName))</title>
    <style>
    \(galleryStyle)
    </style>
    </head>
    <body>
    <header>
    <h1>Adversarial images</h1>
    <p class="lead">\(escaped(modelName)) is right on <strong>\(percent(result.clean.accuracy))</strong>
    of \(grouped(result.clean.examples)) clean images.\(escaped(headline))</p>
    </header>
    \(summary)
    \(warnings)
    \(sections)
    <footer>
    <dl>
    <dt>model</dt><dd>\(escaped(manifest.model.path)) <code>\(manifest.model.sha256)</code></dd>
    <dt>data</dt><dd>\(escaped(manifest.data.path)), \(escaped(manifest.data.split)), \
    \(manifest.data.count) examples from index \(manifest.data.first) \
    <code>\(manifest.data.sha256)</code></dd>
    <dt>seed</dt><dd>\(manifest.seed)</dd>\(privacy)
    <dt>made by</dt><dd>\(escaped(manifest.tool.name)) \(escaped(manifest.tool.version)); \
    the same facts as data: <a href="manifest.json">manifest.json</a>\(sheetLink)</dd>
    </dl>
    </footer>
    </body>
    </html>

    """
  }

  private var modelName: String {
    manifest.model.path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// What the strongest size leaves.
  private var headline: String {
    guard let worst = result.worstCase.last else { return "" }
    let count = Set(result.attacks.map(\.name)).count
    return " Under \(count == 1 ? "the attack" : "\(count) attacks") at "
      + "\(worst.norm.rawValue) \(size(worst.epsilon, worst.epsilonText)), "
      + "\(percent(worst.accuracy)) remain."
  }

  private var privacy: String {
    result.privacy.map { "\n<dt>privacy</dt><dd>\(escaped($0.text))</dd>" } ?? ""
  }

  private var sheetLink: String {
    manifest.contactSheet.map { ", all pictures in one: <a href=\"\($0)\">\($0)</a>" } ?? ""
  }

  private var warnings: String {
    guard !result.warnings.isEmpty else { return "" }
    let items = result.warnings.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n")
    return
      "<section class=\"warnings\"><h2>Before trusting the numbers</h2>\n<ul>\n\(items)\n</ul></section>"
  }

  private var summary: String {
    guard !result.attacks.isEmpty else { return "" }
    var rows: [String] = []
    for attack in result.attacks {
      rows.append(
        row(
          attack.name, attack.norm, attack.epsilon, attack.epsilonText, attack.accuracy,
          attack.interval))
    }
    if Set(result.attacks.map(\.name)).count > 1 {
      for worst in result.worstCase {
        rows.append(
          row(
            "worst case", worst.norm, worst.epsilon, worst.epsilonText, worst.accuracy,
            worst.interval))
      }
    }
    return """
      <section class="wide"><table>
      <caption>Accuracy under attack, over all \(result.clean.examples) examples; sizes in the units \
      of the data, \(result.rangeText)</caption>
      <thead><tr><th>attack</th><th>norm</th><th class="n">size</th><th class="n">accuracy</th>\
      <th class="n">95 % interval</th><th class="bar"></th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></section>
      """
  }

  private func row(
    _ name: String, _ norm: Norm, _ epsilon: Double, _ text: String, _ accuracy: Double,
    _ interval: ClosedRange<Double>
  ) -> String {
    let width = String(format: "%.1f", accuracy * 100)
    return "<tr\(name == "worst case" ? " class=\"worst\"" : "")><td>\(escaped(name))</td>"
      + "<td>\(norm.rawValue)</td><td class=\"n\">\(escaped(size(epsilon, text)))</td>"
      + "<td class=\"n\">\(percent(accuracy))</td><td class=\"n\">\(percent(interval))</td>"
      + "<td class=\"bar\"><span style=\"width:\(width)%\"></span></td></tr>"
  }

  private var sections: String {
    guard !manifest.items.isEmpty else {
      return "<section><p class=\"none\">No image fooled the model.</p></section>"
    }
    var order: [String] = []
    for item in manifest.items where !order.contains(item.attack) { order.append(item.attack) }
    return order.map { attack in
      let cards = manifest.items.filter { $0.attack == attack }.map { GalleryCard($0, result).html }
      return """
        <section>
        <h2>\(escaped(attack))</h2>
        <div class="cards">
        \(cards.joined(separator: "\n"))
        </div>
        </section>
        """
    }.joined(separator: "\n")
  }
}
