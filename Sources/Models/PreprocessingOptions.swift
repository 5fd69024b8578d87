/// How the data's images become the input that a model was trained on.
///
/// Given on the command line or in a file `<model>.json` beside the model; nil leaves it to that
/// file, or to what can be deduced.
public struct PreprocessingOptions: Sendable, Equatable, Codable {
  /// Subtracted from each channel, in units of the data; one number, or one a channel.
  public var mean: [Float]?
  /// What each channel is then divided by; one number, or one a channel.
  public var std: [Float]?
  /// The order of the elements of the model's input.
  public var layout: Layout?
  /// The smallest and largest value of the data: the units that `mean` and `std` are in.
  public var range: [Float]?

  public init(
    mean: [Float]? = nil, std: [Float]? = nil, layout: Layout? = nil, range: [Float]? = nil
  ) {
    self.mean = mean
    self.std = std
    self.layout = layout
    self.range = range
  }

  /// These options, and those of `other` where these say nothing.
  public func filled(from other: PreprocessingOptions) -> PreprocessingOptions {
    PreprocessingOptions(
      mean: mean ?? other.mean, std: std ?? other.std, layout: layout ?? other.layout,
      range: range ?? other.range)
  }
}

/// The order in which a model's input holds an image `[channels, height, width]`.
public enum Layout: String, Sendable, CaseIterable, Codable {
  /// Channels, rows, columns.
  case nchw
  /// Rows, columns, channels.
  case nhwc
  /// A vector in the order of `nchw`.
  case flat
  /// A vector with columns before rows: channels, columns, rows.
  case flatColumnMajor = "flat-column-major"
}
