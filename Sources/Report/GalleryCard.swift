internal import Evaluation
internal import Foundation
internal import Robustness

/// One adversarial image on the page of a gallery.
struct GalleryCard {
  private let item: GalleryManifest.Item
  private let range: String

  init(_ item: GalleryManifest.Item, _ result: EvaluationResult) {
    self.item = item
    range = result.rangeText
  }

  var html: String {
    let (label, clean) = (item.label, name(item.cleanPrediction))
    let goal = item.goal == "targeted" ? ", to reach \(item.goalLabel)" : ""
    return """
      <article>
      <div class="pictures">
      \(picture(item.files.original, "original", "classified as \(clean)"))
      \(picture(item.files.adversarial, item.fileIsAdversarial ? "adversarial" : "adversarial held", "classified as \(name(item.file.prediction))"))
      \(picture(item.files.difference, "difference", "change × " + String(format: "%.3g", item.amplification)))
      </div>
      <h3>#\(item.index), label \(label): \(clean) <span class="arrow">→</span> \
      <span class="wrong">\(name(item.exact.prediction))</span></h3>
      <p>\(item.norm.rawValue) size \(escaped(size(item.epsilon, item.epsilonText))) \
      <span class="dim">on values \(escaped(range))\(goal)</span></p>
      <p class="dim">linf \(short(item.exact.linf)), l2 \(short(item.exact.l2)), \
      l1 \(short(item.exact.l1)), \(grouped(Int(item.exact.l0))) values changed</p>
      <p>\(badge)</p>
      </article>
      """
  }

  /// What reading the file back showed.
  private var badge: String {
    let file = "\(item.bits)-bit file"
    let distance = "linf \(short(item.file.linf)), l2 \(short(item.file.l2))"
    if item.fileIsAdversarial && item.fileIsInsideBall {
      return badge("good", "\(file) still adversarial, inside the ball", distance)
    }
    if item.fileIsAdversarial {
      return badge("bad", "\(file) still adversarial, but outside of the ball", distance)
    }
    let prediction = "\(file) no longer adversarial: \(name(item.file.prediction))"
    return badge(
      "bad", prediction + (item.fileIsInsideBall ? "" : ", outside of the ball"), distance)
  }

  private func badge(_ kind: String, _ text: String, _ detail: String) -> String {
    "<span class=\"badge \(kind)\">\(escaped(text))</span><br><span class=\"dim\">in the file: \(detail)</span>"
  }

  private func picture(_ file: String, _ kind: String, _ caption: String) -> String {
    "<figure class=\"\(kind)\"><a href=\"\(escaped(file))\"><img src=\"\(escaped(file))\" "
      + "alt=\"\(kind.prefix { $0 != " " }), example \(item.index)\"></a><figcaption><b>\(kind.prefix { $0 != " " })</b>\(escaped(caption))"
      + "</figcaption></figure>"
  }

  private func name(_ prediction: Int?) -> String { prediction.map { "\($0)" } ?? "nothing" }
}
