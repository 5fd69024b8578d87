import Datasets
import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// `Fixtures/numpy` was written by NumPy itself; see `generate.py` there.
@Suite struct NumpyTests {
  private func fixture(_ name: String) -> String { Fixtures.url("numpy/\(name)").path }

  /// All hold 0, 1, ... 5 as `[2, 3]`.
  @Test(arguments: [
    "f2", "f4", "f8", "big-f4", "u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "fortran",
    "version2",
  ])
  func readsEveryType(name: String) throws {
    let array = try NumpyArray.read(fixture("\(name).npy"))
    #expect(array.shape == [2, 3])
    let numbers: [Double] =
      switch array.values {
      case .uint8(let values): values.map(Double.init)
      case .int32(let values): values.map(Double.init)
      case .int64(let values): values.map(Double.init)
      case .float32(let values): values.map(Double.init)
      case .float64(let values): values
      }
    #expect(numbers == [0, 1, 2, 3, 4, 5])
  }

  @Test func readsAScalarAndFortranOrderOfRankThree() throws {
    let scalar = try NumpyArray.read(fixture("scalar.npy"))
    #expect(scalar == NumpyArray(shape: [], .float64([2.5])))
    let array = try NumpyArray.read(fixture("fortran3.npy"))
    #expect(array == NumpyArray(shape: [2, 3, 4], .int64((0..<24).map { Int64($0) })))
  }

  /// Each holds two images of one channel, 3 x 4 pixels, `0, 1, ...` over 255, and labels 1, 0.
  @Test(arguments: ["stored", "deflated", "bytes", "rank3", "float64", "zip64"])
  func loadsArchivesOfEveryKind(name: String) throws {
    let data = try Dataset.load(path: fixture("\(name).npz"))
    #expect(data.shape == [1, 3, 4])
    #expect(data.labels == [1, 0] && data.classCount == 2)
    let expected: [Float] = (0..<24).map { Float($0) / 255 }
    #expect(data.images(0..<2).values == expected)
    #expect(try data.sha256 == sha256(ofFile: fixture("\(name).npz")))
  }

  @Test func writesTheSameBytesAsTheFileThatNumPyRead() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("out.npz").path
      let arrays: [(name: String, array: NumpyArray)] = [
        ("x", NumpyArray(Tensor(shape: [2, 1, 1, 2], values: [0, 0.25, 0.5, 1]))),
        ("y", NumpyArray([3, 1])),
        ("bytes", NumpyArray(shape: [2, 2], .uint8([1, 2, 3, 255]))),
        ("scalar", NumpyArray(shape: [], .float64([-2.5]))),
        ("empty", NumpyArray(shape: [0, 4], .int32([]))),
      ]
      try writeNPZ(arrays, to: path)
      // `generate.py` loads this very file with NumPy and compares every array.
      #expect(try readFile(path) == readFile(fixture("written.npz")))
      let data = try Dataset.load(path: path)
      #expect(data.images(0..<2).values == [0, 0.25, 0.5, 1])
      #expect(data.labels == [3, 1] && data.classCount == 4)
    }
  }

  @Test func arraysSurviveARoundTrip() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.npy").path
      for array in [
        NumpyArray(shape: [3], .float32([-0.0, .infinity, .leastNonzeroMagnitude])),
        NumpyArray(shape: [1, 2, 1], .int64([.min, .max])),
        NumpyArray(shape: [2], .int32([.min, .max])),
      ] {
        try writeAtomically(array.npy, to: path)
        #expect(try NumpyArray.read(path) == array)
      }
    }
  }

  @Test func damageNeverCrashes() throws {
    for name in ["stored", "deflated", "zip64"] {
      let bytes = try readFile(fixture("\(name).npz"))
      try withTemporaryFolder { folder in
        let path = folder.appendingPathComponent("x.npz").path
        for index in stride(from: 0, to: bytes.count, by: 11) {
          var damaged = bytes
          damaged[index] ^= 0xff
          try writeDirectly(damaged, path)
          if let data = try? Dataset.load(path: path) { #expect(data.count > 0) }
          try writeDirectly(Array(bytes[..<index]), path)
          #expect(throws: DatasetError.self) { try Dataset.load(path: path) }
        }
      }
    }
  }

  /// Without the flush to disk that a thousand small files would wait for.
  private func writeDirectly(_ bytes: [UInt8], _ path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}
