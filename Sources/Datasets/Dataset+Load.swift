internal import Foundation

extension Dataset {
  /// Reads a data set of any known kind.
  ///
  /// | `path` | read as |
  /// |---|---|
  /// | folder with `t10k-images-idx3-ubyte` and the like | IDX (MNIST); splits `test`, `train` |
  /// | folder with `test_batch.bin`, `data_batch_<n>.bin` | CIFAR-10; splits `test`, `train` |
  /// | folder with one folder of PNG images for each class | PNG; `path/<split>` if that exists |
  /// | `.npz` file with `x` and `y` | NumPy arrays; it has no splits |
  ///
  /// IDX and CIFAR-10 files may be compressed (`.gz`).
  /// - Parameters:
  ///   - path: The folder or file.
  ///   - split: The part to read.
  ///   - range: The values that black and white stand for. Floating-point images of an `.npz` file
  ///     are taken as they are and must lie in it.
  /// - Throws: ``DatasetError`` that names the file and the place in it.
  public static func load(
    path: String, split: String = "test", range: ClosedRange<Float> = 0...1
  ) throws(DatasetError) -> Dataset {
    guard let listing = Listing(path) else {
      return try load(npz: path, range: range)
    }
    let isIDX = listing.files.contains { $0.contains("-images") && $0.contains("idx3-ubyte") }
    if isIDX { return try load(idx: path, listing, split: split, range: range) }
    let isCIFAR = listing.files.contains {
      ($0.hasPrefix("test_batch.bin") || $0.hasPrefix("data_batch_")) && $0.contains(".bin")
    }
    if isCIFAR { return try load(cifar: path, listing, split: split, range: range) }
    if listing.folders.contains(split), let inner = Listing("\(path)/\(split)"),
      !inner.folders.isEmpty
    {
      return try load(png: path, prefix: split + "/", inner, split: split, range: range)
    }
    if let part = ["test", "train"].first(where: listing.folders.contains) {
      throw .missingSplit(path: path, split: split, problem: "it has '\(part)'")
    }
    guard !listing.folders.isEmpty else {
      throw .notRecognised(
        path: path,
        problem: "the folder has no IDX files, no CIFAR-10 batches and no folders of PNG images")
    }
    return try load(png: path, prefix: "", listing, split: "", range: range)
  }

  /// What a data set is called after its path.
  static func name(of path: String) -> String {
    URL(fileURLWithPath: path).standardized.lastPathComponent
  }
}
