extension Dataset {
  /// Reads CIFAR-10 in its binary version: records of a label byte and 3 x 32 x 32 bytes
  /// (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009).
  ///
  /// The training split is made of those batches that are there, in the order of their numbers.
  static func load(
    cifar path: String, _ listing: Listing, split: String, range: ClosedRange<Float>
  ) throws(DatasetError) -> Dataset {
    let wanted = split == "test" ? ["test_batch.bin"] : (1...5).map { "data_batch_\($0).bin" }
    let names = split == "test" || split == "train" ? wanted.compactMap { listing.file([$0]) } : []
    guard !names.isEmpty else {
      throw .missingSplit(
        path: path, split: split,
        problem: "CIFAR-10 has 'test' (test_batch.bin) and 'train' (data_batch_1.bin to "
          + "data_batch_5.bin), each may end in .gz")
    }
    let shape = [3, 32, 32]
    let size = 3 * 32 * 32
    let classCount = 10
    var files = DatasetFiles()
    var labels: [Int] = []
    var bytes: [UInt8] = []
    for name in names {
      let file = "\(path)/\(name)"
      let records = try files.read(file, name: name)
      let (count, rest) = records.count.quotientAndRemainder(dividingBy: size + 1)
      guard rest == 0, count > 0 else {
        throw .malformed(
          path: file, place: "record \(count)",
          problem: "ends after \(rest) of its \(size + 1) bytes")
      }
      bytes.reserveCapacity(names.count * count * size)
      for record in 0..<count {
        let start = record * (size + 1)
        let label = Int(records[start])
        guard label < classCount else {
          throw .malformed(
            path: file, place: "record \(record)",
            problem: "has the label \(label), CIFAR-10 has 0 to 9")
        }
        labels.append(label)
        bytes += records[start + 1..<start + 1 + size]
      }
    }
    return Dataset(
      name: Dataset.name(of: path), path: path, split: split, sha256: files.digest,
      classCount: classCount, shape: shape, labels: labels, range: range, pixels: .bytes(bytes))
  }
}
