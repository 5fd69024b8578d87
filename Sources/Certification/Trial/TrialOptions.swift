/// How hard a trial looks for a point where a certificate fails, and how sure it must be of one.
public struct TrialOptions: Sendable, Codable, Equatable {
  /// Steps of each projected gradient ascent; 0 leaves only straight directions.
  public var steps = 20
  /// Draws of the noise that each gradient is averaged over.
  public var gradientDraws = 16
  /// How many rival classes have a direction of their own, those with most votes first.
  public var rivals = 9
  /// How many of them have ascents of their own.
  public var targets = 3
  /// Draws by which the points that were found are compared.
  public var selectionDraws = 200
  /// Fresh draws that decide about the best point.
  public var judgementDraws = 10_000
  /// The probability that one point is said to break a certificate that holds there.
  public var alpha = 0.001
  /// True keeps points within the bounds of the data. A certificate speaks of all points of its
  /// ball, so false is the whole trial.
  public var clips = false

  public init() {}

  /// - Throws: ``CertificationError/parameter(name:problem:)``.
  public func validate() throws(CertificationError) {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(CertificationError) {
      guard range.contains(value) else {
        throw .parameter(
          name: name, problem: "is \(value), expected \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try check("steps", steps, 0...10_000)
    try check("gradient draws", gradientDraws, 1...1 << 16)
    try check("rivals", rivals, 1...1 << 20)
    try check("targets", targets, 0...rivals)
    try check("selection draws", selectionDraws, 1...1 << 28)
    try check("judgement draws", judgementDraws, 1...1 << 28)
    guard alpha > 0, alpha < 1 else {
      throw .parameter(name: "alpha of the trial", problem: "is \(alpha), expected in (0, 1)")
    }
  }
}
