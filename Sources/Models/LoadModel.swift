import Files
import NeuralNetworks
import ONNX
import Tensors

/// Reads a trained classifier.
///
/// - Parameters:
///   - path: An ONNX file, or either file of a network in the package's own format.
///   - imageShape: The shape of the data's images, `[channels, height, width]`.
///   - preprocessing: What it says wins over the file `<model>.json` beside an ONNX model.
/// - Throws: ``ModelError`` naming the file and what in it cannot be used.
public func loadModel(
  _ path: String, imageShape: [Int], preprocessing: PreprocessingOptions = .init()
) throws(ModelError) -> LoadedModel {
  precondition(imageShape.count == 3, "images are [channels, height, width], not \(imageShape)")
  let native = nativeDescription(of: path)
  let options =
    native == nil ? preprocessing.filled(from: try readSidecar(of: path)) : preprocessing
  let imported: ImportedNetwork
  if let native {
    imported = try readNative(native)
  } else {
    imported = try importONNX(path, imageShape, options.layout)
  }
  let core = imported.network
  func problem(_ text: String) -> ModelError { .model(path: path, problem: text) }
  guard core.outputShape.elementCount >= 2 else {
    throw problem("it yields a single number, so it is no classifier")
  }
  guard core.inputShape.elementCount == imageShape.elementCount else {
    throw problem("it takes inputs of shape \(core.inputShape), the images are \(imageShape)")
  }
  let layout = try chooseLayout(core.inputShape, imageShape, options.layout, problem)
  var network = Network(inputShape: imageShape)
  let normalization = try normalizationLayer(options, channels: imageShape[0], problem)
  do throws(NetworkError) {
    if let normalization { try network.append(normalization, named: "normalization") }
    try network.arrange(as: layout, shape: core.inputShape)
    try network.append(contentsOf: core)
  } catch {
    throw problem(error.description)
  }
  let digest: String
  do throws(FileError) { digest = try sha256(ofFile: native ?? path) } catch { throw .file(error) }
  return LoadedModel(
    network: network, path: path, sha256: digest, format: native == nil ? .onnx : .native,
    layout: layout,
    preprocessing: options, notes: imported.notes)
}

private func importONNX(
  _ path: String, _ imageShape: [Int], _ layout: Layout?
) throws(ModelError) -> ImportedNetwork {
  do throws(ONNXError) {
    let model = try ONNXModel.read(path)
    return try model.network(
      inputShape: openShape(model.inputs.first?.shape, image: imageShape, layout))
  } catch {
    throw .onnx(error)
  }
}

/// The input's shape that the images suggest for a model that leaves extents open.
private func openShape(_ stated: [Int?]?, image: [Int], _ layout: Layout?) -> [Int]? {
  let candidates = layout.map { [$0] } ?? [.nchw, .nhwc]
  for candidate in candidates {
    let shape = candidate.permutation.map { image[$0] }
    guard let stated else { return shape }
    if stated.count == 2 { return [image.elementCount] }
    guard stated.count == 4 else { continue }
    if zip(stated.dropFirst(), shape).allSatisfy({ $0 == nil || $0 == $1 }) { return shape }
  }
  return nil
}

/// The layout asked for if it fits, else the only one that does.
private func chooseLayout(
  _ input: [Int], _ image: [Int], _ stated: Layout?, _ problem: (String) -> ModelError
) throws(ModelError) -> Layout {
  if let stated {
    guard stated.fits(input: input, image: image) else {
      throw problem(
        "its input of shape \(input) cannot hold images \(image) in layout \(stated.rawValue)")
    }
    return stated
  }
  let possible = Layout.possible(input: input, image: image)
  guard let layout = possible.first else {
    throw problem("its input has shape \(input), which does not fit images \(image)")
  }
  guard possible.count == 1 else {
    let names = possible.map(\.rawValue).joined(separator: " or ")
    throw problem("its input of shape \(input) can be \(names); say which with a layout")
  }
  return layout
}

/// `(x - mean) / std` for each channel, if there is anything to do.
private func normalizationLayer(
  _ options: PreprocessingOptions, channels: Int, _ problem: (String) -> ModelError
) throws(ModelError) -> Affine? {
  guard options.mean != nil || options.std != nil else { return nil }
  func values(_ given: [Float]?, _ name: String, _ standard: Float) throws(ModelError) -> [Float] {
    let values = given ?? [standard]
    guard values.count == 1 || values.count == channels, values.allSatisfy(\.isFinite) else {
      throw problem("\(name) \(values) does not fit images of \(channels) channels")
    }
    return values.count == 1 ? [Float](repeating: values[0], count: channels) : values
  }
  let mean = try values(options.mean, "mean", 0)
  let std = try values(options.std, "std", 1)
  guard std.allSatisfy({ $0 > 0 }) else { throw problem("std \(std) is not positive") }
  return Affine(
    scale: std.map { Float(1 / Double($0)) },
    shift: zip(mean, std).map { Float(-Double($0) / Double($1)) }, axis: 0)
}

extension Network {
  /// Gives the image the order of elements and the shape that a model expects.
  fileprivate mutating func arrange(as layout: Layout, shape: [Int]) throws(NetworkError) {
    let order = layout.permutation.filter { outputShape[$0] != 1 }
    if order != order.sorted() {
      try append(Transpose(layout.permutation), named: "layout-\(layout.rawValue)")
    }
    if outputShape != shape { try append(Reshape(shape), named: "model-input") }
  }

  /// Puts another network behind this one.
  fileprivate mutating func append(contentsOf other: Network) throws(NetworkError) {
    var taken = Set(nodes.map(\.name))
    var numbers = [output]
    for node in other.nodes {
      var name = node.name
      while !taken.insert(name).inserted { name += "'" }
      numbers.append(
        try append(node.layer, named: name, reading: node.inputs.map { numbers[$0] }))
    }
    setOutput(numbers[other.output])
  }
}
