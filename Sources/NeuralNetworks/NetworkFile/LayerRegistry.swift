/// The kinds of layers that a file can name.
enum LayerRegistry {
  static let types: [any Layer.Type] = [
    Activation.self, Affine.self, Arithmetic.self, AveragePool.self, BatchNormalization.self,
    Concatenation.self, Constant.self, Convolution.self, Dense.self, Dropout.self,
    GroupNormalization.self, MatrixProduct.self, MaxPool.self, Noise.self, Reduction.self,
    Reshape.self, Selection.self, Softmax.self, Standardization.self, Sum.self, Transpose.self,
  ]

  static func type(kind: String) -> (any Layer.Type)? { types.first { $0.kind == kind } }
}
