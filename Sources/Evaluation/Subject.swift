public import Certification
public import Robustness
public import Tensors

/// A classifier as the evaluation needs it: attacked through a model with gradients, decided by
/// its own means. Shared by threads, each with a session.
public protocol Subject: Sendable {
  /// The shape of one example, `[channels, height, width]`.
  var inputShape: [Int] { get }
  var classCount: Int { get }
  /// The smallest and largest value a pixel can have, in the units of the data.
  var bounds: ClosedRange<Float> { get }
  /// The most examples that are computed together.
  var chunk: Int { get }
  /// How few of them together take about as long for each as a chunk; half of it by default.
  var leastChunk: Int { get }

  /// A session for one thread.
  /// - Parameter seed: the run's; the key of everything random.
  func subjectSession(
    seed: UInt64, isCancelled: @escaping () -> Bool
  ) -> any SubjectSession
}

/// A subject at work on one thread.
public protocol SubjectSession {
  /// What an attack is given; a new one for each attack, so that no attack's questions change
  /// another's answers.
  func attackModel() -> any DifferentiableModel

  /// How much of one image the model sees when an attack asks about it once.
  var passesPerQuestion: Int { get }

  /// One row for each image by which candidates are compared, `[batch.count, classCount]`: logits,
  /// or shares of votes. Draws that serve here serve no verdict.
  func scores(_ batch: Batch) throws -> Tensor

  /// What is decided about each image.
  /// - Parameters:
  ///   - scores: what `scores` answered for the same images.
  ///   - questions: the sizes that certificates are asked for; all of them radii around the images.
  func verdicts(
    _ batch: Batch, scores: Tensor, questions: [CertificateQuestion]
  ) throws -> [Verdict]
}

/// A size that a certificate is asked for.
public struct CertificateQuestion: Sendable, Hashable, Codable {
  public var norm: Norm
  /// In the units of the data.
  public var size: Double

  public init(norm: Norm, size: Double) {
    self.norm = norm
    self.size = size
  }
}

/// What is decided about one image.
public struct Verdict: Sendable, Hashable {
  /// Nil where the model predicts nothing: NaN logits, or votes that leave it open.
  public var prediction: Int?
  /// The votes it was decided by; nil for a classifier without noise.
  public var votes: Votes?
  /// One for each certifier and question, in this order.
  public var certificates: [IssuedCertificate] = []

  public init(prediction: Int?) { self.prediction = prediction }
}

/// The votes on one image: a class picked on some draws, bounded on others.
public struct Votes: Sendable, Hashable {
  /// The class of most votes among the selection draws; nil where there was no vote.
  public var selected: Int?
  /// How many selection draws there were.
  public var selectionDraws: Int
  /// How many fresh draws there were, and how many of them voted for `selected`.
  public var draws: Int, count: Int
  /// The largest number of fresh votes for another class.
  public var runnerUp: Int
  /// The picked class's scores, where those are bounded.
  public var scores: ScoreStatistics?
}

/// What one certifier says of one image and one size.
public struct IssuedCertificate: Sendable, Hashable {
  /// The certifier's place in the plan.
  public var certifier: Int
  public var question: CertificateQuestion
  /// The class it speaks of; nil where none was picked.
  public var label: Int?
  /// In the question's norm, rounded down; nil where it abstains. A sequential run answers with the
  /// size asked.
  public var radius: Double?

  /// True where the class is proved to stay within the size asked.
  public var covers: Bool { radius.map { $0 >= question.size } ?? false }
}

extension Subject {
  public var leastChunk: Int { (chunk + 1) / 2 }
}

extension Classifier: Subject {
  public func subjectSession(
    seed: UInt64, isCancelled: @escaping () -> Bool
  ) -> any SubjectSession { session(isCancelled: isCancelled) }
}

extension ClassifierSession: SubjectSession {
  public func attackModel() -> any DifferentiableModel { self }
  public var passesPerQuestion: Int { 1 }
  public func scores(_ batch: Batch) throws -> Tensor { try logits(batch) }
  public func verdicts(
    _ batch: Batch, scores: Tensor, questions: [CertificateQuestion]
  ) -> [Verdict] { scores.predictions().map { Verdict(prediction: $0) } }
}
