internal import Dispatch
internal import Foundation

/// Runs numbered pieces of work on several threads and hands the results on in their order.
///
/// A thread that is far ahead of the oldest unfinished piece waits, so at most `window` results
/// exist at a time. When a piece fails, no new one is begun, results before the failed one are
/// still handed on, and the error of the first failed piece is returned.
///
/// - Parameters:
///   - count: how many pieces there are.
///   - worker: called once on each thread that takes part; what it returns does that thread's
///     pieces, by number.
///   - deliver: called for 0, 1, 2, ... one at a time, from any thread.
/// - Returns: how many results were delivered, and the error that ended it before `count`.
func runInOrder<Result>(
  count: Int, threads: Int, window: Int,
  worker: @Sendable () throws -> (Int) throws -> Result, deliver: (Int, Result) throws -> Void
) -> (delivered: Int, error: (any Error)?) {
  withoutActuallyEscaping(deliver) { deliver in
    let queue = OrderedQueue(count: count, window: window, deliver: deliver)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
      var work: ((Int) throws -> Result)?
      while let piece = queue.take() {
        do {
          let perform = try work ?? worker()
          work = perform
          queue.finish(piece, try perform(piece))
        } catch {
          queue.fail(piece, error)
        }
      }
    }
    return queue.state
  }
}

/// Which piece is next, and the results that wait for an earlier one.
///
/// Unchecked: everything mutable, and every call of `deliver`, is behind `condition`.
private final class OrderedQueue<Result>: @unchecked Sendable {
  private let condition = NSCondition()
  private let count: Int
  private let window: Int
  private let deliver: (Int, Result) throws -> Void
  private var next = 0
  private var delivered = 0
  private var pending: [Int: Result] = [:]
  private var failure: (piece: Int, error: any Error)?

  init(count: Int, window: Int, deliver: @escaping (Int, Result) throws -> Void) {
    self.count = count
    self.window = window
    self.deliver = deliver
  }

  var state: (delivered: Int, error: (any Error)?) {
    condition.withLock { (delivered, delivered == count ? nil : failure?.error) }
  }

  /// The next piece to do; nil when there is none or one has failed.
  func take() -> Int? {
    condition.withLock {
      while failure == nil, next < count, next >= delivered + window { condition.wait() }
      guard failure == nil, next < count else { return nil }
      next += 1
      return next - 1
    }
  }

  func finish(_ piece: Int, _ result: Result) {
    condition.withLock {
      pending[piece] = result
      while failure.map({ delivered < $0.piece }) ?? true,
        let ready = pending.removeValue(forKey: delivered)
      {
        do {
          try deliver(delivered, ready)
          delivered += 1
        } catch {
          note(delivered, error)
        }
      }
      condition.broadcast()
    }
  }

  func fail(_ piece: Int, _ error: any Error) {
    condition.withLock {
      note(piece, error)
      condition.broadcast()
    }
  }

  private func note(_ piece: Int, _ error: any Error) {
    if failure.map({ piece < $0.piece }) ?? true { failure = (piece, error) }
  }
}
