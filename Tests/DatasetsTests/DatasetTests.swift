import Datasets
import Files
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@Suite struct DatasetTests {
  /// Three images of 2 x 2 pixels.
  let small = Dataset(
    name: "small", bytes: [0, 1, 2, 3, 10, 20, 30, 40, 255, 254, 253, 252], shape: [1, 2, 2],
    labels: [2, 0, 1], classCount: 3)

  @Test func imagesComeInTheOrderAsked() {
    #expect(small.images(0..<3).shape == [3, 1, 2, 2])
    #expect(
      small.images([2, 0]).values == [255, 254, 253, 252, 0, 1, 2, 3].map { Float($0) / 255 })
    #expect(small.images(1..<1).shape == [0, 1, 2, 2])
  }

  @Test func bytesSpanTheRange() {
    let data = Dataset(
      name: "x", bytes: [0, 51, 255], shape: [1, 1, 3], labels: [0], classCount: 1, range: -1...1)
    let middle: Float = -1 + 2 * 51 / 255
    #expect(data.images([0]).values == [-1, middle, 1])
  }

  @Test func survivesARoundTripThroughIDX() throws {
    try withTemporaryFolder { folder in
      try small.writeIDX(to: folder.path, split: "test")
      let read = try Dataset.load(path: folder.path)
      #expect(read.images(0..<3) == small.images(0..<3))
      #expect(read.labels == small.labels)
      #expect(read.split == "test" && read.name == folder.lastPathComponent)
      // Plain files, and the older spelling, are the same data set.
      for (kind, rank) in [("images", 3), ("labels", 1)] {
        let name = folder.path + "/t10k-\(kind)-idx\(rank)-ubyte.gz"
        try writeAtomically(readFile(name), to: folder.path + "/t10k-\(kind).idx\(rank)-ubyte")
        try FileManager.default.removeItem(atPath: name)
      }
      #expect(try Dataset.load(path: folder.path).labels == small.labels)
    }
  }

  @Test func readsCIFARBatchesInTheOrderOfTheirNumbers() throws {
    try withTemporaryFolder { folder in
      func record(_ label: UInt8, _ first: UInt8) -> [UInt8] {
        [label, first] + [UInt8](repeating: 7, count: 3071)
      }
      try writeAtomically(record(1, 0) + record(9, 255), to: folder.path + "/data_batch_2.bin")
      try writeAtomically(
        Zlib.compressGzip(record(4, 51)), to: folder.path + "/data_batch_1.bin.gz")
      let data = try Dataset.load(path: folder.path, split: "train")
      #expect(data.labels == [4, 1, 9])
      #expect(data.classCount == 10 && data.shape == [3, 32, 32])
      let first: [Float] = (0..<3).map { data.images([$0]).values[0] }
      #expect(first == [0.2, 0, 1])
      // Of several files the digest is that of what `sha256sum` prints for them.
      let lines = try ["data_batch_1.bin.gz", "data_batch_2.bin"].map {
        try sha256(ofFile: folder.path + "/" + $0) + "  \($0)\n"
      }
      #expect(data.sha256 == sha256(of: Array(lines.joined().utf8)))
    }
  }

  @Test func readsClassFoldersInTheOrderOfNumbers() throws {
    try withTemporaryFolder { folder in
      for label in 0..<11 {
        try createFolder(folder.path + "/test/\(label)")
        for (name, level) in [("10", 100), ("9", 9)] where label != 5 {
          try Image(color: [UInt8(level + label)], height: 2, width: 3)
            .write(to: folder.path + "/test/\(label)/\(name).png")
        }
      }
      let data = try Dataset.load(path: folder.path)
      #expect(data.classCount == 11 && data.split == "test" && data.shape == [1, 2, 3])
      let labels: [Int] = (0..<11).filter { $0 != 5 }.flatMap { [$0, $0] }
      #expect(data.labels == labels)
      let last = data.images([18, 19])
      let expected: [Float] = [19.0 / 255, 110.0 / 255]
      #expect(last.row(0).first == expected[0] && last.row(1).first == expected[1])
      #expect(throws: DatasetError.self) { try Dataset.load(path: folder.path, split: "train") }
    }
  }

  @Test func keepsImagesOf16BitsExact() throws {
    try withTemporaryFolder { folder in
      try createFolder(folder.path + "/cat")
      try createFolder(folder.path + "/dog")
      try Image(color: [51, 0, 255], height: 1, width: 1).write(to: folder.path + "/cat/a.png")
      try Image(shape: [3, 1, 1], levels: [1, 2, 65535], bits: 16)
        .write(to: folder.path + "/dog/b.PNG")
      let data = try Dataset.load(path: folder.path)
      let expected: [Float] = [0.2, 0, 1, 1.0 / 65535, 2.0 / 65535, 1]
      #expect(data.images(0..<2).values == expected)
      #expect(data.labels == [0, 1])
    }
  }

  @Test func digitsAreReproducibleBalancedAndDistinct() throws {
    let digits = SyntheticDigits(seed: 7)
    let all = digits.dataset(0..<400)
    #expect(all.images([5]) == digits.dataset(5..<6).images([0]))
    #expect(digits.image(5) != digits.image(6))
    #expect(SyntheticDigits(seed: 8).image(5) != digits.image(5))
    for label in 0..<10 { #expect(20...60 ~= all.labels.count { $0 == label }) }
    for index in 0..<400 {
      let bytes = digits.image(index)
      // Ink on an empty page, with a free border of a pixel almost everywhere.
      #expect(10...450 ~= bytes.count { $0 > 0 })
      #expect(bytes.count { $0 > 128 } > 8)
    }
    try withTemporaryFolder { folder in
      try digits.write(to: folder.path, trainCount: 30, testCount: 20)
      let test = try Dataset.load(path: folder.path, split: "test")
      #expect(test.labels == Array(all.labels[..<20]))
      #expect(
        try Dataset.load(path: folder.path, split: "train").images(0..<30)
          == all.images(20..<50))
    }
  }
}
