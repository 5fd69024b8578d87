internal import Files
internal import Imaging
internal import Tensors

extension Dataset {
  /// Reads one folder of PNG images for each class: the class is the folder's place in the order
  /// of names, in which numbers count as numbers.
  ///
  /// - Parameter prefix: What stands between `path` and the folders, empty or ending in `/`.
  static func load(
    png path: String, prefix: String, _ listing: Listing, split: String,
    range: ClosedRange<Float>
  ) throws(DatasetError) -> Dataset {
    try checkNumbers(of: listing.folders, path: path + "/" + prefix)
    var files = DatasetFiles()
    var shape: [Int] = []
    var labels: [Int] = []
    var bytes: [UInt8] = []
    var floats: [Float]?
    for (label, folder) in listing.folders.enumerated() {
      for name in Listing("\(path)/\(prefix)\(folder)")?.files ?? [] {
        let relative = "\(prefix)\(folder)/\(name)"
        let file = "\(path)/\(relative)"
        guard name.lowercased().hasSuffix(".png") else {
          throw .notRecognised(path: file, problem: "a class folder holds PNG images only")
        }
        let data = try files.read(file, name: relative)
        let image: Image
        do throws(PNGError) {
          image = try Image(png: data, path: file)
        } catch {
          throw .image(error)
        }
        if shape.isEmpty { shape = image.shape }
        guard image.shape == shape else {
          throw .malformed(
            path: file, place: "the image",
            problem: "has the shape \(image.shape), those before it \(shape)")
        }
        labels.append(label)
        if image.bits == 16, floats == nil {
          // Bytes no longer do: what was read so far becomes numbers.
          let scale = PixelScale(range: range)
          floats = bytes.map { scale.value(of: UInt16($0)) }
        }
        if floats != nil {
          floats?.append(contentsOf: image.values(range: range).values)
        } else {
          bytes.append(contentsOf: image.levels.map { UInt8(truncatingIfNeeded: $0) })
        }
      }
    }
    guard !labels.isEmpty else {
      throw .notRecognised(path: path, problem: "its folders hold no PNG images")
    }
    return Dataset(
      name: Dataset.name(of: path), path: path, split: split, sha256: files.digest,
      classCount: listing.folders.count, shape: shape, labels: labels, range: range,
      pixels: floats.map { .floats($0) } ?? .bytes(bytes))
  }

  /// With a gap in numbered folders nobody could say whether `3` means class 3 or the third one.
  private static func checkNumbers(of folders: [String], path: String) throws(DatasetError) {
    let numbers = folders.compactMap { Int($0) }
    guard numbers.count == folders.count, let first = numbers.first else { return }
    for (offset, number) in numbers.enumerated() where number != first + offset || first > 1 {
      throw .notRecognised(
        path: path,
        problem: "its classes are numbered, but before '\(number)' one is missing "
          + "(an empty folder will do)")
    }
  }
}
