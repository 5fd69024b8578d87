import Benchmarks
import Testing

@Suite struct SpeedupTests {
  /// Order statistics for 95 % as in tables of the sign test: with 6 values the 1st and 6th, with 9
  /// the 2nd and 8th, with 20 the 6th and 15th, with 100 the 40th and 61st.
  @Test(arguments: [
    (1, 1, 1), (5, 1, 5), (6, 1, 6), (9, 2, 8), (20, 6, 15), (100, 40, 61), (2000, 956, 1045),
  ])
  func intervalsAreThoseOfTheSignTest(count: Int, low: Int, high: Int) {
    let rates = (1...count).map { 2 * Double(($0 + 3) % count + 1) }
    let speedup = Speedup(rates: rates, over: rates.map { _ in 2 })
    #expect(speedup.low == Double(low) && speedup.high == Double(high))
    #expect(speedup.median == Double((count + 1) / 2) && speedup.ofFastest == Double(count))
  }

  @Test func ratiosAreTakenTurnByTurn() {
    let speedup = Speedup(rates: [8, 10, 4], over: [4, 8, 1])
    #expect(speedup.median == 2 && speedup.low == 1.25 && speedup.high == 4)
    #expect(speedup.ofFastest == 1.25)
  }
}
