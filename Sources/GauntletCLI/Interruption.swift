import Dispatch
import Foundation
import Synchronization

/// Ctrl-C: the first asks the work to stop, the second stops the process.
final class Interruption: Sendable {
  private let count = Atomic<Int>(0)

  /// True once Ctrl-C was pressed.
  var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

  /// Catches the signals from now on, until `body` returns.
  func during<R>(_ body: () throws -> R) rethrows -> R {
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [self] in
        if count.add(1, ordering: .relaxed).newValue > 1 { _exit(ExitStatus.interrupted.rawValue) }
      }
      source.resume()
      return (number, source)
    }
    defer {
      for (number, source) in sources {
        source.cancel()
        signal(number, SIG_DFL)
      }
    }
    return try body()
  }
}
