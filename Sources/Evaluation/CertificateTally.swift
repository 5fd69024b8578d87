/// Counts certificates in the order of the examples.
struct CertificateTally {
  private struct Key: Hashable {
    var certifier: Int
    var question: CertificateQuestion
  }
  private(set) var draws = 0
  /// In the order in which they are met first, which is the plan's.
  private var order: [Key] = []
  private var counts: [Key: (robust: Int, correct: Int)] = [:]

  mutating func add(_ verdict: Verdict, label: Int) {
    draws += verdict.votes?.draws ?? 0
    for certificate in verdict.certificates {
      let key = Key(certifier: certificate.certifier, question: certificate.question)
      if counts[key] == nil { order.append(key) }
      var count = counts[key] ?? (0, 0)
      if certificate.covers {
        count.robust += 1
        if certificate.label == label { count.correct += 1 }
      }
      counts[key] = count
    }
  }

  func summaries(of count: Int) -> [EvaluationSummary.CertifiedSummary] {
    order.map { key in
      let found = counts[key] ?? (0, 0)
      return .init(
        certifier: key.certifier, question: key.question,
        correct: Proportion(found.correct, of: count), robust: found.robust)
    }
  }
}
