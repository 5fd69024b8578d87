import Dispatch
import Gauntlet

/// One line on a terminal that says how far a run is; nothing where nobody watches.
struct ProgressBar {
  private let isShown: Bool
  private let start = DispatchTime.now().uptimeNanoseconds
  private var last: UInt64 = 0
  private var isDrawn = false
  private var hasEstimated = false

  /// - Parameter isQuiet: shows nothing.
  init(isQuiet: Bool) { isShown = !isQuiet }

  /// Says how far it is, ten times a second at most.
  mutating func update(_ progress: EvaluationProgress, hasAttacks: Bool) {
    var text = "  clean \(share(progress.cleanCorrect, progress.done))"
    if hasAttacks { text += "  under attack \(share(progress.robustCorrect, progress.done))" }
    update(progress.done, of: progress.total, text: text)
  }

  /// The same for any count of examples, with what is to be said of those done.
  mutating func update(_ done: Int, of total: Int, text found: String) {
    guard isShown else { return }
    let now = DispatchTime.now().uptimeNanoseconds
    let seconds = Double(now - start) * 1e-9
    let left = seconds / Double(done) * Double(total - done)
    guard Terminal.isWatched else {
      if !hasEstimated, left > 30 {
        Terminal.say("about \(duration(left)) to go after the first \(done) examples")
      }
      hasEstimated = true
      return
    }
    guard now - last > 100_000_000 || done == total else { return }
    last = now
    var text = "\(done)/\(total)\(found)"
    if done < total { text += "  \(duration(max(left, 1))) to go" }
    let room = Terminal.width - text.count - 5
    if room >= 8 {
      let width = min(room, 30)
      let filled = width * done / max(total, 1)
      text =
        "[" + String(repeating: "#", count: filled)
        + String(repeating: ".", count: width - filled) + "]  " + text
    }
    Terminal.write("\r\u{1b}[K" + text.prefix(max(Terminal.width - 1, 1)))
    isDrawn = true
  }

  /// Takes the line away.
  mutating func end() {
    if isDrawn { Terminal.write("\r\u{1b}[K") }
    isDrawn = false
  }

  private func share(_ part: Int, _ whole: Int) -> String {
    let tenths = whole > 0 ? (1000 * part + whole / 2) / whole : 0
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
