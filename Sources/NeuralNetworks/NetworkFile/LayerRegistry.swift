/// The kinds of layers that a file can name.
enum LayerRegistry {
  static let types: [any Layer.Type] = [
    Activation.self, Affine.self, AveragePool.self, BatchNormalization.self, Convolution.self,
    Dense.self, Dropout.self, MaxPool.self, Reshape.self, Sum.self,
  ]

  static func type(kind: String) -> (any Layer.Type)? { types.first { $0.kind == kind } }
}
