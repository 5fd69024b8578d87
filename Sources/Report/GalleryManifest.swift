public import Evaluation
public import Robustness

/// What is in a gallery, as `manifest.json` says it.
public struct GalleryManifest: Sendable, Codable, Equatable {
  /// How far an image is from the clean one.
  public struct Measures: Sendable, Codable, Equatable {
    public var linf: Double, l2: Double, l1: Double, l0: Double
    /// The predicted class; absent where the logits are NaN.
    public var prediction: Int?

    init(_ distances: Distances, prediction: Int?) {
      (linf, l2, l1, l0) = (distances.linf, distances.l2, distances.l1, distances.l0)
      self.prediction = prediction
    }
  }

  /// Names of files, relative to the gallery.
  public struct Files: Sendable, Codable, Equatable {
    public var original: String, adversarial: String, difference: String
  }

  /// One adversarial image.
  public struct Item: Sendable, Codable, Equatable {
    /// Of the example in the data.
    public var index: Int
    public var label: Int
    public var cleanPrediction: Int?
    public var attack: String
    public var norm: Norm
    public var epsilon: Double
    public var epsilonText: String
    /// `untargeted` with the class to leave, or `targeted` with the one to reach.
    public var goal: String, goalLabel: Int
    /// As the attack left it, in single precision.
    public var exact: Measures
    /// As it is in its file: read back, classified again, measured again.
    public var file: Measures
    /// Whether the image in the file still meets the goal, and is still inside the ball.
    public var fileIsAdversarial: Bool
    public var fileIsInsideBall: Bool
    /// Bits of a sample.
    public var bits: Int
    /// How many times larger the change is drawn in the difference than it is.
    public var amplification: Double
    /// False where the clean image lies between the levels of its file.
    public var originalIsExact: Bool
    public var files: Files
  }

  public var schemaVersion = 1
  public var tool: EvaluationResult.Tool
  public var model: EvaluationResult.ModelDescription
  public var data: EvaluationResult.DataDescription
  public var seed: UInt64
  public var contactSheet: String?
  public var items: [Item]
}
