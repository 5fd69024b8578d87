internal import Files
internal import Tensors

extension Dataset {
  /// Reads a `.npz` file: `x` with the images, `y` with the labels.
  static func load(npz path: String, range: ClosedRange<Float>) throws(DatasetError) -> Dataset {
    var files = DatasetFiles()
    let bytes = try files.read(path, name: Dataset.name(of: path))
    guard ZipArchive.isZip(bytes) else {
      throw .notRecognised(
        path: path, problem: "it is neither a folder nor a .npz file with arrays x and y")
    }
    let archive = try ZipArchive(bytes, path: path)
    func array(_ name: String) throws(DatasetError) -> NumpyArray {
      guard let contents = try archive.contents(of: name + ".npy") else {
        let names = archive.names.map { "'\($0)'" }.joined(separator: ", ")
        throw .malformed(
          path: path, place: "the archive",
          problem: "has no array '\(name)', only \(names.isEmpty ? "nothing" : names)")
      }
      return try NumpyArray(npy: contents[...], path: path, place: "array '\(name)'")
    }
    let x = try array("x")
    let y = try array("y")
    let shape = try imageShape(x.shape, path: path)
    let labels = try labels(y, count: x.shape[0], path: path)
    return Dataset(
      name: Dataset.name(of: path), path: path, split: "", sha256: files.digest,
      classCount: (labels.max() ?? 0) + 1, shape: shape, labels: labels, range: range,
      pixels: try pixels(x, range: range, path: path))
  }

  private static func imageShape(_ shape: [Int], path: String) throws(DatasetError) -> [Int] {
    let isBatch = shape.count == 3 || shape.count == 4
    guard isBatch, shape.allSatisfy({ $0 > 0 }) else {
      throw .malformed(
        path: path, place: "array 'x'",
        problem: "has the shape \(shape), expected [count, height, width] or "
          + "[count, channels, height, width]")
    }
    if shape.count == 3 { return [1, shape[1], shape[2]] }
    let plausible = [1, 3]
    if !plausible.contains(shape[1]), plausible.contains(shape[3]) {
      throw .malformed(
        path: path, place: "array 'x'",
        problem: "has the shape \(shape) with the channels last, expected "
          + "[count, channels, height, width]")
    }
    return Array(shape[1...])
  }

  private static func labels(
    _ y: NumpyArray, count: Int, path: String
  ) throws(DatasetError) -> [Int] {
    guard y.shape == [count] || y.shape == [count, 1] else {
      throw .malformed(
        path: path, place: "array 'y'",
        problem: "has the shape \(y.shape), expected [\(count)] as 'x' has \(count) images")
    }
    guard let labels = y.integers else {
      throw .malformed(
        path: path, place: "array 'y'",
        problem: "has elements of type \(y.values.typeName), labels are integers")
    }
    let most = 1 << 20
    if let index = labels.firstIndex(where: { $0 < 0 || $0 >= most }) {
      throw .malformed(
        path: path, place: "label \(index) of array 'y'",
        problem: "is \(labels[index]), expected 0 to \(most - 1)")
    }
    return labels
  }

  private static func pixels(
    _ x: NumpyArray, range: ClosedRange<Float>, path: String
  ) throws(DatasetError) -> Pixels {
    let floats: [Float]
    switch x.values {
    case .uint8(let bytes): return .bytes(bytes)
    case .float32(let values): floats = values
    case .float64(let values): floats = values.map { Float($0) }
    case .int32, .int64:
      throw .malformed(
        path: path, place: "array 'x'",
        problem: "has elements of type \(x.values.typeName), expected uint8, float32 or float64")
    }
    if let index = floats.firstIndex(where: { !range.contains($0) }) {
      let image = index / x.shape.dropFirst().reduce(1, *)
      throw .malformed(
        path: path, place: "image \(image) of array 'x'",
        problem: "holds the value \(floats[index]), outside of the range "
          + "\(range.lowerBound) to \(range.upperBound)")
    }
    return .floats(floats)
  }
}
