internal import Tensors

/// The random choices of an audit. They are independent of sampling and noise, as the proof asks.
enum AuditCoins {
  /// `count` fair coins.
  static func toss(_ count: Int, seed: UInt64) -> [Bool] {
    RandomKey(seed: seed, purpose: .auditCoins).bits(count).map { $0 & 1 == 1 }
  }

  /// `count` different numbers below `limit`, each set of them as likely as any other, by
  /// R. W. Floyd's method.
  static func choose(_ count: Int, of limit: Int, seed: UInt64) -> [Int] {
    precondition(count <= limit, "\(count) different numbers below \(limit)")
    var generator = SeededGenerator(RandomKey(seed: seed, purpose: .auditPlaces))
    var chosen = Set<Int>()
    var result: [Int] = []
    for last in limit - count..<limit {
      let number = Int.random(in: 0...last, using: &generator)
      let kept = chosen.contains(number) ? last : number
      chosen.insert(kept)
      result.append(kept)
    }
    return result
  }
}
