internal import CKernels
internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// Calls `body` once for each of `0..<count`, on up to `threads` threads at a time, one index after
/// the other as threads become free, in ascending order: it may wait for what smaller indices do.
///
/// For work that comes in pieces of tens of microseconds and more, again and again: threads that
/// have just helped look out for more for a moment before they sleep, so that the next call does not
/// wait until the system has woken them.
/// - Parameter body: is given the index and the number of the thread among those that take part,
///   from 0, the caller's; calls with the same thread do not overlap.
public func concurrently(
  _ count: Int, threads: Int, _ body: @Sendable (_ index: Int, _ thread: Int) -> Void
) {
  let helpers = (0..<max(min(threads, count) - 1, 0)).compactMap { _ in Helper.idle() }
  if helpers.isEmpty {
    for index in 0..<count { body(index, 0) }
    return
  }
  withoutActuallyEscaping(body) { body in
    let work = SharedWork(count: count, helpers: helpers.count, body)
    for (thread, helper) in helpers.enumerated() { helper.take(work, thread: thread + 1) }
    work.run(thread: 0)
    // Who has not begun by now need not be waited for.
    for helper in helpers where helper.giveBack(work) { work.finish() }
    work.wait()
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
  func wait() {
    end.wait()
    body = nil
  }
}

/// A thread that helps whoever asks; there are as many as were ever asked for at a time.
private final class Helper: Sendable {
  private static let idlers = Mutex<[Helper]>([])

  private let call = Signal()
  private let work = Mutex<(work: SharedWork, thread: Int)?>(nil)

  /// The helper that became idle last, or a new one; nil where the system has no more threads.
  static func idle() -> Helper? {
    if let helper = idlers.withLock({ $0.popLast() }) { return helper }
    let helper = Helper()
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Helper>.fromOpaque(argument).takeRetainedValue().live()
      }, Unmanaged.passRetained(helper).toOpaque())
    guard failure == 0 else {
      Unmanaged.passUnretained(helper).release()
      return nil
    }
    pthread_detach(thread)
    return helper
  }

  func take(_ work: SharedWork, thread: Int) {
    self.work.withLock { $0 = (work, thread) }
    call.send()
  }

  /// Takes work back that was not begun; false if it was. To be called once.
  func giveBack(_ given: SharedWork) -> Bool {
    work.withLock { work in
      guard work?.work === given else { return false }
      work = nil
      return true
    }
  }

  private func live() -> Never {
    while true {
      call.wait()
      let taken = work.withLock { $0.take() }
      taken?.work.run(thread: taken?.thread ?? 0)
      // Before the caller goes on, so that its next work finds this helper.
      Self.idlers.withLock { $0.append(self) }
      taken?.work.finish()
    }
  }
}

/// Looks until `isDone` answers true; false after some 250 microseconds, when it is time to sleep. A step
/// of training has 200 for one thread alone, and who sleeps by then begins 70 late.
@discardableResult func lookOut(until isDone: () -> Bool) -> Bool {
  for _ in 0..<8192 {
    if isDone() { return true }
    ck_pause()
  }
  return false
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
    lookOut { state.load(ordering: .acquiring) == State.sent }
    let seen = state.compareExchange(
      expected: State.none, desired: State.sleeping, ordering: .acquiringAndReleasing)
    if seen.exchanged { alarm.wait() }
    state.store(State.none, ordering: .releasing)
  }
}
