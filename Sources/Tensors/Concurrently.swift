internal import CKernels
internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// Calls `body` once for each of `0..<count`, on up to `threads` threads at a time, one index after
/// the other as threads become free.
///
/// For work that comes in pieces of tens of microseconds and more, again and again: threads that
/// have just helped look out for more for a moment before they sleep, so that the next call does not
/// wait until the system has woken them.
/// - Parameter body: is given the index and the number of the thread among those that take part,
///   from 0, the caller's; calls with the same thread do not overlap.
public func concurrently(
  _ count: Int, threads: Int, _ body: @Sendable (_ index: Int, _ thread: Int) -> Void
) {
  let helpers = max(min(threads, count) - 1, 0)
  withoutActuallyEscaping(body) { body in
    let work = SharedWork(count: count, helpers: helpers, body)
    for thread in 0..<helpers { Helper.idle().take(work, thread: thread + 1) }
    work.run(thread: 0)
    work.wait(helpers: helpers)
  }
}

/// Indices that are handed out one by one.
private final class SharedWork: @unchecked Sendable {
  private let count: Int
  /// Nil at the end: it does not outlive the call that it was given in.
  private var body: (@Sendable (Int, Int) -> Void)?
  private let next = Atomic<Int>(0)
  /// Helpers that have not finished.
  private let helpers: Atomic<Int>
  private let end = Signal()

  init(count: Int, helpers: Int, _ body: @escaping @Sendable (Int, Int) -> Void) {
    self.count = count
    self.body = body
    self.helpers = Atomic(helpers)
  }

  /// Does what is left, as one of the threads.
  func run(thread: Int) {
    guard let body else { return }
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      if index >= count { return }
      body(index, thread)
    }
  }

  /// Called by each helper when it has run.
  func finish() {
    if helpers.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { end.send() }
  }

  /// Waits for the helpers.
  func wait(helpers: Int) {
    if helpers > 0 { end.wait() }
    body = nil
  }
}

/// A thread that helps whoever asks; there are as many as were ever asked for at a time.
private final class Helper: Sendable {
  private static let idlers = Mutex<[Helper]>([])

  private let call = Signal()
  private let work = Mutex<(work: SharedWork, thread: Int)?>(nil)

  /// The helper that became idle last, or a new one.
  static func idle() -> Helper {
    if let helper = idlers.withLock({ $0.popLast() }) { return helper }
    let helper = Helper()
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Helper>.fromOpaque(argument).takeRetainedValue().live()
      }, Unmanaged.passRetained(helper).toOpaque())
    precondition(failure == 0, "no thread can be started: error \(failure)")
    pthread_detach(thread)
    return helper
  }

  func take(_ work: SharedWork, thread: Int) {
    self.work.withLock { $0 = (work, thread) }
    call.send()
  }

  private func live() -> Never {
    while true {
      call.wait()
      guard let (work, thread) = work.withLock({ $0.take() }) else { continue }
      work.run(thread: thread)
      // Before the caller goes on, so that its next work finds this helper.
      Self.idlers.withLock { $0.append(self) }
      work.finish()
    }
  }
}

/// What one thread sends and another waits for, first awake, then asleep.
private final class Signal: Sendable {
  private enum State { static let none = 0, sent = 1, sleeping = 2 }
  private let state = Atomic<Int>(State.none)
  private let alarm = DispatchSemaphore(value: 0)

  func send() {
    if state.exchange(State.sent, ordering: .acquiringAndReleasing) == State.sleeping {
      alarm.signal()
    }
  }

  /// Waits until it is sent, and forgets that it was.
  func wait() {
    // Some 100 microseconds, about as long as it takes to be woken.
    for _ in 0..<4096 where state.load(ordering: .acquiring) != State.sent { ck_pause() }
    let seen = state.compareExchange(
      expected: State.none, desired: State.sleeping, ordering: .acquiringAndReleasing)
    if seen.exchanged { alarm.wait() }
    state.store(State.none, ordering: .releasing)
  }
}
