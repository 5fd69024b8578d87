/// A share of the noise for each of K values: K positive numbers r_k with sum 1. The scale of value
/// k is the noise's scale times `sqrt(K r_k)`.
public struct Redistribution: Sendable {
  /// How far the sum may be from 1.
  package static let sumTolerance = 1e-6

  /// Checks numbers that somebody gave.
  /// - Throws: ``CertificationError/parameter(name:problem:)``.
  package static func check(_ values: [Double], count: Int) throws(CertificationError) {
    func fail(_ problem: String) -> CertificationError {
      .parameter(name: "redistribution", problem: problem)
    }
    guard values.count == count else {
      throw fail("has \(values.count) numbers, expected \(count)")
    }
    if let index = values.firstIndex(where: { !($0 > 0 && $0 <= 1) }) {
      throw fail("has \(values[index]) at \(index), expected a number in (0, 1]")
    }
    let sum = values.reduce(0, +)
    guard abs(sum - 1) <= sumTolerance else { throw fail("sums to \(sum), expected 1") }
  }
}
