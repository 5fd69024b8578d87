import Foundation
import Synchronization
import Tensors
import Testing

@Suite struct ConcurrentlyTests {
  @Test(arguments: [0, 1, 2, 7, 1000], [1, 2, 3, 16])
  func everyIndexIsCalledOnce(count: Int, threads: Int) {
    let calls = Mutex([Int](repeating: 0, count: count))
    let used = Mutex<Set<Int>>([])
    concurrently(count, threads: threads) { index, thread in
      calls.withLock { $0[index] += 1 }
      used.withLock { _ = $0.insert(thread) }
    }
    #expect(calls.withLock { $0 }.allSatisfy { $0 == 1 })
    #expect(used.withLock { $0 }.isSubset(of: 0..<max(1, min(threads, count))))
  }

  /// A thread's number is what its working memory goes by.
  @Test func noTwoCallsOfOneThreadOverlap() {
    let busy = Mutex([Bool](repeating: false, count: 4))
    let overlaps = Atomic<Int>(0)
    for _ in 0..<50 {
      concurrently(40, threads: 4) { _, thread in
        let wasBusy = busy.withLock { busy in
          defer { busy[thread] = true }
          return busy[thread]
        }
        if wasBusy { overlaps.add(1, ordering: .relaxed) }
        busy.withLock { $0[thread] = false }
      }
    }
    #expect(overlaps.load(ordering: .relaxed) == 0)
  }

  /// Two that wait for each other can only go on at the same time.
  @Test func threadsRunAtTheSameTime() {
    let arrived = Atomic<Int>(0)
    let deadline = Date(timeIntervalSinceNow: 60)
    concurrently(3, threads: 3) { _, _ in
      arrived.add(1, ordering: .relaxed)
      while arrived.load(ordering: .relaxed) < 3, Date() < deadline {
        Thread.sleep(forTimeInterval: 1e-4)
      }
    }
    #expect(Date() < deadline)
  }

  /// Whoever waits finds all done, awake and asleep.
  @Test(arguments: [0, 2e-3]) func countdownsEndWithTheLastPiece(pause: Double) {
    for _ in 0..<20 {
      let countdown = Countdown(3)
      let done = Mutex(0)
      concurrently(5, threads: 4) { index, _ in
        if index < 3 {
          Thread.sleep(forTimeInterval: pause)
          done.withLock { $0 += 1 }
          countdown.finish()
        } else {
          countdown.wait()
          #expect(done.withLock { $0 } == 3)
        }
      }
    }
    Countdown(0).wait()
  }

  /// Helpers that sleep, helpers that are still awake, helpers that call for help.
  @Test func callsMayFollowEachOtherAndNest() {
    let sum = Atomic<Int>(0)
    for pause in [0, 0, 2e-3, 0, 2e-3] {
      concurrently(6, threads: 3) { outer, _ in
        concurrently(5, threads: 2) { inner, _ in sum.add(outer * inner, ordering: .relaxed) }
      }
      Thread.sleep(forTimeInterval: pause)
    }
    #expect(sum.load(ordering: .relaxed) == 5 * 15 * 10)
  }

  /// What is written in a call is there after it.
  @Test func resultsAreSeenByTheCaller() {
    for round in 0..<200 {
      var results = [Int](repeating: -1, count: 64)
      results.withUnsafeMutableBufferPointer { results in
        nonisolated(unsafe) let results = results
        concurrently(64, threads: 4) { index, _ in results[index] = index + round }
      }
      #expect(results == (0..<64).map { $0 + round })
    }
  }
}
