internal import Dispatch
internal import Synchronization

/// Some pieces of work that others wait for, first awake, as threads that help do
/// (``concurrently(_:threads:_:)``), then asleep.
package final class Countdown: Sendable {
  private let left: Atomic<Int>
  private let group = DispatchGroup()

  package init(_ count: Int) {
    left = Atomic(count)
    for _ in 0..<count { group.enter() }
  }

  /// Called once for each piece when it is done.
  package func finish() {
    left.subtract(1, ordering: .acquiringAndReleasing)
    group.leave()
  }

  /// Waits for all pieces.
  package func wait() {
    if !lookOut(until: { left.load(ordering: .acquiring) == 0 }) { group.wait() }
  }
}
