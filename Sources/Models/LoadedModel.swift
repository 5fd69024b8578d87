public import NeuralNetworks
import Tensors

/// A classifier from a file, ready to be given the data's images.
public struct LoadedModel: Sendable {
  /// From an image `[channels, height, width]` in the units of the data to logits `[classes]`; the
  /// model's preparation of its input is its first layers.
  public let network: Network
  public let path: String
  /// The digest of the file as it is stored, in hexadecimal digits.
  public let sha256: String
  public let format: ModelFormat
  public let layout: Layout
  /// The preparation that was applied, options and file beside the model taken together.
  public let preprocessing: PreprocessingOptions
  /// What a user should know of how the file was read, as sentences.
  public let notes: [String]

  public var classCount: Int { network.outputShape.elementCount }
}

/// What kind of file a model came from.
public enum ModelFormat: String, Sendable, Codable {
  case onnx, native
}
