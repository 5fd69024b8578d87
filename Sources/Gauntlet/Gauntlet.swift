// Everything that a user of the package needs, under one name.
@_exported public import Attacks
@_exported public import Certification
@_exported public import Datasets
@_exported public import Evaluation
@_exported public import Imaging
@_exported public import Models
@_exported public import NeuralNetworks
@_exported public import ONNX
@_exported public import Privacy
@_exported public import PrivateTraining
@_exported public import Report
@_exported public import Robustness
@_exported public import Tensors

/// The version of the package, as results and `gauntlet --version` say it.
public let gauntletVersion = "0.1.0"
