internal import Files
internal import Tensors

extension Dataset {
  /// Reads the two IDX files of a split: format of LeCun, Cortes and Burges, "The MNIST database".
  static func load(
    idx path: String, _ listing: Listing, split: String, range: ClosedRange<Float>
  ) throws(DatasetError) -> Dataset {
    let prefixes = split == "test" ? ["t10k", "test"] : [split]
    func name(_ kind: String, _ rank: Int) throws(DatasetError) -> String {
      let names = prefixes.flatMap {
        ["\($0)-\(kind)-idx\(rank)-ubyte", "\($0)-\(kind).idx\(rank)-ubyte"]
      }
      guard let name = listing.file(names) else {
        throw .missingSplit(
          path: path, split: split, problem: "there is no file '\(names[0])' or '\(names[0]).gz'")
      }
      return name
    }
    let imageName = try name("images", 3)
    let labelName = try name("labels", 1)
    var files = DatasetFiles()
    let images = try IDX(
      files.read("\(path)/\(imageName)", name: imageName), rank: 3, path: "\(path)/\(imageName)")
    let labels = try IDX(
      files.read("\(path)/\(labelName)", name: labelName), rank: 1, path: "\(path)/\(labelName)")
    guard images.sizes[0] == labels.sizes[0] else {
      throw .malformed(
        path: "\(path)/\(labelName)", place: "the header",
        problem: "states \(labels.sizes[0]) labels for the \(images.sizes[0]) images of "
          + "'\(imageName)'")
    }
    guard !labels.bytes.isEmpty, !images.bytes.isEmpty else {
      throw .malformed(
        path: "\(path)/\(imageName)", place: "the header", problem: "states no images")
    }
    let classes = labels.bytes.map(Int.init)
    return Dataset(
      name: Dataset.name(of: path), path: path, split: split, sha256: files.digest,
      classCount: (classes.max() ?? 0) + 1, shape: [1, images.sizes[1], images.sizes[2]],
      labels: classes, range: range, pixels: .bytes(images.bytes))
  }

  /// Writes the data set as a pair of compressed IDX files that ``load(path:split:range:)`` reads.
  ///
  /// - Parameters:
  ///   - folder: Where the files go; it must exist.
  ///   - split: `test` or `train`, which decides the files' names.
  /// - Throws: ``DatasetError/notWritable(path:problem:)`` for images that are not 8-bit gray or
  ///   labels above 255; ``DatasetError/file(_:)``.
  public func writeIDX(to folder: String, split: String) throws(DatasetError) {
    guard case .bytes(let bytes) = pixels, shape[0] == 1, classCount <= 256 else {
      throw .notWritable(
        path: folder, problem: "IDX holds 8-bit gray images of at most 256 classes")
    }
    let prefix = split == "test" ? "t10k" : split
    for (name, contents) in [
      ("images-idx3-ubyte", IDX(sizes: [count, shape[1], shape[2]], bytes: bytes)),
      ("labels-idx1-ubyte", IDX(sizes: [count], bytes: labels.map { UInt8($0) })),
    ] {
      let data = Zlib.compressGzip(contents.encoded)
      try readingFiles { () throws(FileError) in
        try writeAtomically(data, to: "\(folder)/\(prefix)-\(name).gz")
      }
    }
  }
}

/// An array of bytes as IDX files hold it: a magic number that names type and rank, the sizes as
/// big-endian 32-bit numbers, the elements.
struct IDX {
  /// The extent of each axis.
  var sizes: [Int]
  /// The elements, last axis fastest.
  var bytes: [UInt8]

  init(sizes: [Int], bytes: [UInt8]) {
    self.sizes = sizes
    self.bytes = bytes
  }

  /// Reads an array of `rank` axes.
  init(_ file: consuming [UInt8], rank: Int, path: String) throws(DatasetError) {
    func word(_ index: Int) -> Int {
      file[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    let header = 4 * (rank + 1)
    guard file.count >= header else {
      throw .malformed(
        path: path, place: "the header", problem: "ends after \(file.count) of \(header) bytes")
    }
    guard word(0) == 0x800 + rank else {
      throw .malformed(
        path: path, place: "the first four bytes",
        problem: "are \(word(0)), where \(0x800 + rank) marks bytes of rank \(rank)")
    }
    sizes = (1...rank).map(word)
    guard let count = sizes.checkedElementCount, file.count - header == count else {
      throw .malformed(
        path: path, place: "the header",
        problem: "states an array of \(sizes.map(String.init).joined(separator: " x ")) bytes, but "
          + "\(file.count - header) follow")
    }
    // In place: there may be gigabytes.
    file.removeFirst(header)
    bytes = file
  }

  /// The file.
  var encoded: [UInt8] {
    var file: [UInt8] = []
    for word in [0x800 + sizes.count] + sizes {
      file += (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
    }
    return file + bytes
  }
}
