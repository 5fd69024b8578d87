import Datasets
import Foundation
import Models
import TestSupport
import Testing

/// A record of `models/models.json` in the shared folder.
struct ThirdPartyModel: Sendable, Decodable, CustomTestStringConvertible {
  struct Input: Sendable, Decodable {
    let layout: String
    let mean: [Float]
    let std: [Float]
  }
  struct Output: Sendable, Decodable { let kind: String }
  struct Clean: Sendable, Decodable { let correct: Int }

  let file: String
  let sha256: String
  let dataset: String
  let input: Input
  let output: Output
  let clean: Clean

  var testDescription: String { file }

  static let all: [ThirdPartyModel] = {
    struct List: Decodable { let models: [ThirdPartyModel] }
    guard let url = try? Shared.url("models/models.json"), let data = try? Data(contentsOf: url),
      let list = try? JSONDecoder().decode(List.self, from: data)
    else { return [] }
    return list.models
  }()

  struct Unknown: Error { let name: String }

  static func named(_ name: String) throws -> ThirdPartyModel {
    guard let model = all.first(where: { $0.file == name }) else { throw Unknown(name: name) }
    return model
  }

  /// The output of onnxruntime for the first test images.
  static func referenceOutputs(of file: String) throws -> [[Double]] {
    struct Outputs: Decodable {
      struct Model: Decodable { let output: [[Double]] }
      let models: [String: Model]
    }
    let data = try Data(contentsOf: Shared.url("models/reference_outputs.json"))
    let outputs = try JSONDecoder().decode(Outputs.self, from: data)
    guard let model = outputs.models[file] else { throw Unknown(name: file) }
    return model.output
  }

  var imageShape: [Int] { dataset == "cifar10" ? [3, 32, 32] : [1, 28, 28] }

  /// The model with its preparation; only what cannot be deduced is said.
  func load() throws -> LoadedModel {
    let isColumnMajor = input.layout.lowercased().contains("column-major")
    return try loadModel(
      Shared.url("models/\(file)").path, imageShape: imageShape,
      preprocessing: .init(
        mean: input.mean, std: input.std, layout: isColumnMajor ? .flatColumnMajor : nil))
  }

  /// The test images it was measured with.
  func data() throws -> Dataset {
    try Dataset.load(path: Shared.url("data/\(dataset)").path)
  }
}
