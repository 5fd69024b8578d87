import Datasets
import Foundation
import Models
import NeuralNetworks
import Robustness
import Tensors
import TestSupport
import Testing

/// Classifiers that others trained, with what onnxruntime makes of them.
@Suite(.enabled(if: Shared.exists, Shared.hint))
struct ThirdPartyModelsTests {
  @Test(arguments: ThirdPartyModel.all)
  func yieldsTheReferenceOutputs(_ model: ThirdPartyModel) throws {
    let loaded = try model.load()
    let data = try model.data()
    let logits = try Classifier(loaded.network).session()
      .logits(Batch(images: data.images(0..<16), indices: Array(0..<16)))
    let references = try ThirdPartyModel.referenceOutputs(of: model.file)
    for (index, reference) in references.enumerated() {
      let row = finish(logits.row(index).map(Double.init), model.output.kind)
      expectClose(row.map { Float($0) }, reference, Tolerance(relative: 1e-4, absolute: 0))
    }
  }

  @Test(arguments: ThirdPartyModel.all)
  func classifiesAsManyImagesCorrectly(_ model: ThirdPartyModel) throws {
    let loaded = try model.load()
    let data = try model.data()
    let classifier = Classifier(loaded.network)
    let correct = Counter()
    DispatchQueue.concurrentPerform(iterations: 10) { part in
      let indices = Array(part * 1000..<(part + 1) * 1000)
      let session = classifier.session()
      let logits = try? session.logits(Batch(images: data.images(indices), indices: indices))
      let answers = logits?.argmaxOfRows() ?? []
      correct.add(zip(answers, indices).count { $0 == data.labels[$1] })
    }
    #expect(abs(correct.value - model.clean.correct) <= 2, "\(correct.value) correct")
  }

  /// Derivatives along random directions. Noise breaks the ties that a blank background makes in
  /// max pooling, where there is no derivative.
  @Test(arguments: ThirdPartyModel.all)
  func hasTheGradientOfItsDefinition(_ model: ThirdPartyModel) throws {
    let loaded = try model.load()
    let data = try model.data()
    let network = loaded.network
    let count = 2
    var images = data.images(0..<count)
    let size = images.rowSize
    let noise = RandomKey(seed: 7, purpose: .test, draw: 2).normals(count * size)
    for index in images.values.indices { images.values[index] += 0.05 * noise[index] }
    let cotangent = Tensor(
      shape: [count, loaded.classCount],
      values: RandomKey(seed: 7, purpose: .test).normals(count * loaded.classCount))
    let (_, gradient) = try Classifier(network).session()
      .gradient(Batch(images: images, indices: Array(0..<count))) { _ in cotangent }
    for example in 0..<count {
      let image = images.row(example).map(Double.init)
      let slope = gradient.row(example).map(Double.init)
      let weights = cotangent.row(example).map(Double.init)
      let random = RandomKey(seed: 7, purpose: .test, example: example, draw: 1).normals(size)
        .map(Double.init)
      func loss(_ step: Double) -> Double {
        let point = zip(image, random).map { $0 + step * $1 }
        return zip(network.evaluate(point), weights).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let derivative = zip(slope, random).reduce(0) { $0 + $1.0 * $1.1 }
      let scale = zip(slope, random).reduce(0) { $0 + abs($1.0 * $1.1) }
      // A kink between the two points spoils a difference, so one of several steps must do.
      let differences = [1e-5, 1e-6, 1e-7].map { (loss($0) - loss(-$0)) / (2 * $0) }
      #expect(
        differences.contains { abs($0 - derivative) <= 1e-4 * scale + 1e-4 * abs($0) },
        "derivative \(derivative), by differences \(differences), of magnitude \(scale)")
    }
  }

  @Test func saysThatASoftmaxWasRemoved() throws {
    let softmax = try ThirdPartyModel.named("mnist_self_attention_pgd.onnx").load()
    #expect(softmax.notes.contains { $0.contains("softmax was removed") })
    let logits = try ThirdPartyModel.named("cifar10_resnet_2b.onnx").load()
    #expect(logits.notes == [])
  }

  private func finish(_ logits: [Double], _ kind: String) -> [Double] {
    guard kind.contains("softmax") else { return logits }
    let largest = logits.max() ?? 0
    let sum = logits.reduce(0) { $0 + exp($1 - largest) }
    return logits.map { kind.hasPrefix("log") ? $0 - largest - log(sum) : exp($0 - largest) / sum }
  }
}

/// A sum that threads add to.
private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var sum = 0
  func add(_ number: Int) { lock.withLock { sum += number } }
  var value: Int { lock.withLock { sum } }
}
