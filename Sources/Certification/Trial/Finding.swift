/// What a certificate says and a trial puts to the test: within `radius`, no class becomes more
/// likely than `label`.
public struct Claim: Sendable, Codable, Equatable {
  public var label: Int
  /// In the units of the data.
  public var radius: Double

  public init(label: Int, radius: Double) {
    self.label = label
    self.radius = radius
  }
}

/// Fresh votes at one point, for the class that was certified and for one rival that was named
/// before they were cast.
public struct PairVotes: Sendable, Codable, Equatable {
  /// Votes for the certified class and for the rival, of all `draws`.
  public var label: Int, rival: Int, draws: Int

  public init(label: Int, rival: Int, draws: Int) {
    precondition(label >= 0 && rival >= 0 && label + rival <= draws, "more votes than draws")
    self.label = label
    self.rival = rival
    self.draws = draws
  }

  /// True where the votes show, at confidence 1 - alpha, that the rival is the likelier of the two.
  ///
  /// Among the votes for one of the two, those for the rival are binomial with `p = P(rival) /
  /// (P(label) + P(rival))`; Clopper and Pearson's lower bound on p is to exceed one half (K. Hung,
  /// W. Fithian, "Rank Verification for Exponential Families", 2019, with the rival fixed in
  /// advance).
  public func showRivalAhead(alpha: Double) -> Bool {
    // No lower bound is above the share itself.
    guard rival > label else { return false }
    return ClopperPearson.lower(successes: rival, draws: label + rival, alpha: alpha) > 0.5
  }
}

/// What came out of looking for a point that breaks one certificate.
public struct Finding: Sendable, Codable, Equatable {
  /// The class that was likeliest to overtake the certified one at the point.
  public var rival: Int
  /// How far the judged point is from the image, in the certificate's norm; at most its radius.
  public var distance: Double
  public var votes: PairVotes
  /// Where the votes break the certificate.
  public var violation: Violation?

  /// A broken certificate.
  public struct Violation: Sendable, Codable, Equatable {
    /// The smallest distance, on the way from the image to the judged point, at which the rival was
    /// still shown to be ahead, by fresh votes at the same confidence.
    public var distance: Double
    public var votes: PairVotes
  }
}
