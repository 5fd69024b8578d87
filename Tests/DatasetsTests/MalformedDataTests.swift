import Datasets
import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// Bad files and what is said about them; `D` stands for the folder.
@Suite struct MalformedDataTests {
  struct Case: CustomStringConvertible, Sendable {
    let name: String
    var split = "test"
    var load = "D"
    let message: String
    let files: @Sendable () throws -> [(name: String, bytes: [UInt8])]
    var description: String { name }
  }

  private static func idx(_ sizes: [UInt8], _ bytes: [UInt8] = []) -> [UInt8] {
    [0, 0, 8, UInt8(sizes.count)] + sizes.flatMap { [0, 0, 0, $0] } + bytes
  }
  private static let goodImages = idx([2, 2, 2], .init(repeating: 9, count: 8))
  private static let images = "t10k-images-idx3-ubyte"
  private static let labels = "t10k-labels-idx1-ubyte"

  private static func npz(_ arrays: (String, NumpyArray)...) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.npz").path
      try writeNPZ(arrays.map { (name: $0.0, array: $0.1) }, to: path)
      return try readFile(path)
    }
  }
  private static func floats(_ values: Float..., shape: [Int]) -> NumpyArray {
    NumpyArray(shape: shape, .float32(values))
  }
  private static func png(_ color: UInt8..., side: Int = 2) throws -> [UInt8] {
    try Image(color: color, height: side, width: side).png()
  }

  static let cases: [Case] = [
    Case(
      name: "nothing there", load: "D/absent",
      message: "file 'D/absent' cannot be read: No such file or directory", files: { [] }),
    Case(
      name: "an empty folder",
      message:
        "'D' is no data set: the folder has no IDX files, no CIFAR-10 batches and no folders "
        + "of PNG images", files: { [] }),
    Case(
      name: "some other file", load: "D/a.txt",
      message:
        "'D/a.txt' is no data set: it is neither a folder nor a .npz file with arrays x and y",
      files: { [("a.txt", Array("hello".utf8))] }),
    Case(
      name: "no labels",
      message: "data set 'D' has no split 'test': there is no file 't10k-labels-idx1-ubyte' or "
        + "'t10k-labels-idx1-ubyte.gz'",
      files: { [(images, goodImages)] }),
    Case(
      name: "no such split", split: "validation",
      message: "data set 'D' has no split 'validation': there is no file "
        + "'validation-images-idx3-ubyte' or 'validation-images-idx3-ubyte.gz'",
      files: { [(images, goodImages)] }),
    Case(
      name: "wrong magic",
      message: "data file 'D/\(images)': the first four bytes are 2049, where 2051 marks bytes of "
        + "rank 3",
      files: { [(images, idx([2], goodImages)), (labels, [])] }),
    Case(
      name: "short header",
      message: "data file 'D/\(images)': the header ends after 5 of 16 bytes",
      files: { [(images, [0, 0, 8, 3, 0]), (labels, [])] }),
    Case(
      name: "truncated images",
      message:
        "data file 'D/\(images)': the header states an array of 2 x 2 x 2 bytes, but 7 follow",
      files: { [(images, Array(goodImages.dropLast())), (labels, [])] }),
    Case(
      name: "an oversized count",
      message: "data file 'D/\(images)': the header states an array of 4294967295 x 4294967295 x "
        + "4294967295 bytes, but 0 follow",
      files: { [(images, [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12)), (labels, [])] }),
    Case(
      name: "other counts",
      message:
        "data file 'D/\(labels)': the header states 4 labels for the 2 images of '\(images)'",
      files: { [(images, goodImages), (labels, idx([4], [0, 1, 2, 3]))] }),
    Case(
      name: "truncated gzip",
      message: "file 'D/\(images).gz' is damaged: the compressed data end after 12 bytes",
      files: { [(images + ".gz", Array(Zlib.compressGzip(goodImages)[..<12])), (labels, [])] }),
    Case(
      name: "a CIFAR-10 batch cut off",
      message: "data file 'D/test_batch.bin': record 1 ends after 27 of its 3073 bytes",
      files: { [("test_batch.bin", .init(repeating: 0, count: 3100))] }),
    Case(
      name: "a CIFAR-10 label",
      message: "data file 'D/test_batch.bin': record 1 has the label 10, CIFAR-10 has 0 to 9",
      files: {
        [
          (
            "test_batch.bin",
            .init(repeating: 0, count: 3073) + [10] + .init(repeating: 0, count: 3072)
          )
        ]
      }),
    Case(
      name: "no training batch", split: "train",
      message:
        "data set 'D' has no split 'train': CIFAR-10 has 'test' (test_batch.bin) and 'train' "
        + "(data_batch_1.bin to data_batch_5.bin), each may end in .gz",
      files: { [("test_batch.bin", .init(repeating: 0, count: 3073))] }),
    Case(
      name: "images of two sizes",
      message:
        "data file 'D/b/2.png': the image has the shape [1, 3, 3], those before it [1, 2, 2]",
      files: { [("a/1.png", try png(1)), ("b/2.png", try png(1, side: 3))] }),
    Case(
      name: "a damaged image",
      message: "file 'D/a/1.png' is no usable PNG image: it does not begin like a PNG file",
      files: { [("a/1.png", [1, 2, 3])] }),
    Case(
      name: "a photograph",
      message: "'D/a/1.jpg' is no data set: a class folder holds PNG images only",
      files: { [("a/1.jpg", [1, 2, 3])] }),
    Case(
      name: "a missing number",
      message: "'D/' is no data set: its classes are numbered, but before '2' one is missing "
        + "(an empty folder will do)",
      files: { [("0/1.png", try png(1)), ("2/1.png", try png(1))] }),
    Case(
      name: "an archive cut off", load: "D/a.npz",
      message: "data file 'D/a.npz': the zip archive has no directory at its end: it is cut off",
      files: { [("a.npz", Array(try npz(("x", NumpyArray([1]))).dropLast(30)))] }),
    Case(
      name: "no array y", load: "D/a.npz",
      message: "data file 'D/a.npz': the archive has no array 'y', only 'x.npy', 'z.npy'",
      files: { [("a.npz", try npz(("x", floats(0, shape: [1, 1, 1])), ("z", NumpyArray([1]))))] }),
    Case(
      name: "a flat array", load: "D/a.npz",
      message: "data file 'D/a.npz': array 'x' has the shape [1, 2], expected "
        + "[count, height, width] or [count, channels, height, width]",
      files: { [("a.npz", try npz(("x", floats(0, 1, shape: [1, 2])), ("y", NumpyArray([1]))))] }),
    Case(
      name: "channels last", load: "D/a.npz",
      message: "data file 'D/a.npz': array 'x' has the shape [1, 2, 1, 1] with the channels last, "
        + "expected [count, channels, height, width]",
      files: {
        [("a.npz", try npz(("x", floats(0, 1, shape: [1, 2, 1, 1])), ("y", NumpyArray([1]))))]
      }),
    Case(
      name: "too many labels", load: "D/a.npz",
      message: "data file 'D/a.npz': array 'y' has the shape [2], expected [1] as 'x' has 1 images",
      files: {
        [("a.npz", try npz(("x", floats(0, shape: [1, 1, 1])), ("y", NumpyArray([1, 2]))))]
      }),
    Case(
      name: "fractional labels", load: "D/a.npz",
      message: "data file 'D/a.npz': array 'y' has elements of type float32, labels are integers",
      files: {
        [("a.npz", try npz(("x", floats(0, shape: [1, 1, 1])), ("y", floats(0, shape: [1]))))]
      }),
    Case(
      name: "a negative label", load: "D/a.npz",
      message: "data file 'D/a.npz': label 0 of array 'y' is -1, expected 0 to 1048575",
      files: { [("a.npz", try npz(("x", floats(0, shape: [1, 1, 1])), ("y", NumpyArray([-1]))))] }),
    Case(
      name: "not a number", load: "D/a.npz",
      message:
        "data file 'D/a.npz': image 1 of array 'x' holds the value nan, outside of the range "
        + "0.0 to 1.0",
      files: {
        [("a.npz", try npz(("x", floats(0, .nan, shape: [2, 1, 1])), ("y", NumpyArray([0, 1]))))]
      }),
    Case(
      name: "values of another range", load: "D/a.npz",
      message: "data file 'D/a.npz': image 0 of array 'x' holds the value 255.0, outside of the "
        + "range 0.0 to 1.0",
      files: { [("a.npz", try npz(("x", floats(255, shape: [1, 1, 1])), ("y", NumpyArray([0]))))] }),
    Case(
      name: "integers as images", load: "D/a.npz",
      message: "data file 'D/a.npz': array 'x' has elements of type int64, expected uint8, float32 "
        + "or float64",
      files: {
        [
          (
            "a.npz",
            try npz(
              ("x", NumpyArray(shape: [1, 1, 1], .int64([1]))), ("y", NumpyArray([0])))
          )
        ]
      }),
  ]

  @Test(arguments: cases)
  func saysWhatIsWrongAndWhere(_ bad: Case) throws {
    try withTemporaryFolder { folder in
      for (name, bytes) in try bad.files() {
        let file = folder.appendingPathComponent(name)
        try createFolder(file.deletingLastPathComponent().path)
        try writeAtomically(bytes, to: file.path)
      }
      let path = bad.load.replacingOccurrences(of: "D", with: folder.path)
      let error = #expect(throws: DatasetError.self) {
        try Dataset.load(path: path, split: bad.split)
      }
      #expect(error?.description.replacingOccurrences(of: folder.path, with: "D") == bad.message)
    }
  }

  @Test func arraysOfOtherTypesAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.npy").path
      func header(_ text: String, _ data: [UInt8]) -> [UInt8] {
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8) + data
      }
      let cases: [(header: String, problem: String)] = [
        (
          "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }",
          "the array has elements of type '<c8', which are no plain numbers"
        ),
        (
          "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
          "the array has elements of type '|O', which are no plain numbers"
        ),
        (
          "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
          "the array states the shape [3] of <f4, but 8 bytes follow"
        ),
        (
          "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
          "the array states the shape [4611686018427387904, 4] of <f8, but 8 bytes follow"
        ),
        (
          "{'descr': '<u8', 'fortran_order': False, 'shape': (), }",
          "the array holds integers above the largest of 64 bits with a sign"
        ),
        (
          "{'descr': '<f4', 'shape': (1,), }",
          "the array has a header that does not state type, order and shape"
        ),
        (
          "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }",
          "the array has a header that does not state type, order and shape"
        ),
      ]
      for (text, problem) in cases {
        try writeAtomically(header(text, .init(repeating: 255, count: 8)), to: path)
        let error = #expect(throws: DatasetError.self) { try NumpyArray.read(path) }
        #expect(error?.description == "data file '\(path)': \(problem)")
      }
    }
  }
}
