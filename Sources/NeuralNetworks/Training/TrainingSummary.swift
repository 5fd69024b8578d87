/// What a training run was: everything that decides its result, and how well it did.
public struct TrainingSummary: Sendable, Equatable, Codable {
  /// What decides the result, besides the weights it began with and the bytes of the data.
  public struct Run: Sendable, Equatable, Codable {
    /// The architecture's name.
    public var architecture: String
    public var inputShape: [Int]
    public var classes: Int
    /// A digest of the training data.
    public var data: String
    /// Adversarial training: the attack with its parameters, radius and share; nil without.
    public var attack: String?
    /// The method with its parameters where it is not plain descent.
    public var method: String?
    /// Noise layers that were put into the architecture; nil without.
    public var noise: [String]?
    public var configuration: TrainingConfiguration

    public init(
      architecture: String, inputShape: [Int], classes: Int, data: String, attack: String?,
      method: String? = nil, noise: [String]? = nil, configuration: TrainingConfiguration
    ) {
      self.architecture = architecture
      self.inputShape = inputShape
      self.classes = classes
      self.data = data
      self.attack = attack
      self.method = method
      self.noise = noise
      self.configuration = configuration
    }
  }

  public var run: Run
  /// Steps taken.
  public var steps: Int
  /// The mean training loss of the last epoch; nil where it is private.
  public var loss: Double?
  /// Test examples classified right, of how many; nil without test data.
  public var testCorrect: Int?
  public var testCount: Int?

  public init(
    run: Run, steps: Int, loss: Double?, testCorrect: Int? = nil, testCount: Int? = nil
  ) {
    self.run = run
    self.steps = steps
    self.loss = loss
    self.testCorrect = testCorrect
    self.testCount = testCount
  }
}
