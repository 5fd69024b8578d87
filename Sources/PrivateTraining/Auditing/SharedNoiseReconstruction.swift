/// Attacks on releases that carry the same noise more than once: what one release hides, the
/// difference of two shows.
///
/// Where one draw of noise is added to two numbers, their difference has none: two neighbouring
/// data sets then yield releases that no data set in common could have yielded, and epsilon is
/// infinite whatever the scale of the noise.
public enum SharedNoiseReconstruction {
  /// How close a reconstruction came to the truth.
  public struct Accuracy: Sendable, Equatable {
    /// The largest distance of a number found from the true one.
    public var largestError: Double
    /// The share of the numbers asked about that were found; what counts is said where it is made.
    public var recovered: Double

    public init(largestError: Double, recovered: Double) {
      self.largestError = largestError
      self.recovered = recovered
    }
  }

  /// Finds the differences of records to the first of them, `x_i - x_0`, from records released with
  /// noise, as `released_i - released_0`.
  ///
  /// - Parameters:
  ///   - released: `[records, size]`, what is seen.
  ///   - records: `[records, size]`, the truth.
  ///   - tolerance: how close a difference has to be to count as recovered.
  /// - Returns: over all elements of the records but the first; with independent noise, errors are
  ///   of the size of the noise.
  public static func differences(
    released: [[Double]], records: [[Double]], tolerance: Double
  ) -> Accuracy {
    precondition(
      released.map(\.count) == records.map(\.count)
        && records.allSatisfy { $0.count == records[0].count }, "records of different sizes")
    precondition(records.count >= 2 && !records[0].isEmpty, "no pair of records to compare")
    var (largest, recovered) = (0.0, 0)
    for (seen, truth) in zip(released, records).dropFirst() {
      for index in truth.indices {
        let found = seen[index] - released[0][index]
        let error = abs(found - (truth[index] - records[0][index]))
        // An error that is not a number is no recovery.
        largest = error <= largest ? largest : error
        if error <= tolerance { recovered += 1 }
      }
    }
    return Accuracy(
      largestError: largest,
      recovered: Double(recovered) / Double((records.count - 1) * records[0].count))
  }

  /// Finds labels from the sums in which they met features, released at several steps.
  ///
  /// Step t releases `S_t = H_t^T Y + noise`, with `H_t` the features of the examples, which follow
  /// from public weights, and `Y` the labels, one 1 a row. If the noise is that of the first step,
  /// `S_t - S_1 = (H_t - H_1)^T Y` holds exactly, and least squares solves it for `Y`.
  ///
  /// - Parameters:
  ///   - features: at each step `[examples, features]`; the same sizes at all.
  ///   - releases: at each step `[features, classes]`.
  ///   - labels: the truth, below the number of classes.
  /// - Returns: errors of the elements of `Y`; recovered is the share of the examples at whose
  ///   label the largest element of their row stands. Nil where the equations do not determine `Y`:
  ///   they are `(steps - 1) x features` for as many unknowns as there are examples.
  public static func labels(
    features: [[[Double]]], releases: [[[Double]]], labels: [Int]
  ) -> Accuracy? {
    let (steps, examples) = (features.count, labels.count)
    precondition(releases.count == steps && steps >= 2 && examples >= 1, "nothing to compare")
    precondition(features.allSatisfy { $0.count == examples }, "features of every example")
    let width = features[0][0].count
    let classes = releases[0].first?.count ?? 0
    precondition(
      features.allSatisfy { $0.allSatisfy { $0.count == width } }
        && releases.allSatisfy { $0.count == width && $0.allSatisfy { $0.count == classes } },
      "features and releases of different sizes")
    var system = LeastSquares(unknowns: examples, sides: classes)
    for step in 1..<steps {
      for feature in 0..<width {
        system.append(
          (0..<examples).map { features[step][$0][feature] - features[0][$0][feature] },
          equals: (0..<classes).map { releases[step][feature][$0] - releases[0][feature][$0] })
      }
    }
    guard let solution = system.solve() else { return nil }
    var (largest, right) = (0.0, 0)
    for (row, label) in zip(solution, labels) {
      for (index, value) in row.enumerated() {
        let error = abs(value - (index == label ? 1 : 0))
        largest = error <= largest ? largest : error
      }
      if row.indices.max(by: { row[$0] < row[$1] }) == label { right += 1 }
    }
    return Accuracy(largestError: largest, recovered: Double(right) / Double(examples))
  }
}
