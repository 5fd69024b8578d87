import Files
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@Suite struct PNGTests {
  @Test(arguments: [1, 3], [8, 16])
  func survivesARoundTrip(channels: Int, bits: Int) throws {
    let shape = [channels, 5, 7]
    let levels = (0..<channels * 35).map { UInt16(($0 * 2477 + 3) % (1 << bits)) }
    let image = try Image(shape: shape, levels: levels, bits: bits)
    let text = [Image.Text("Attack", "fgsm"), Image.Text("Size", "ε = 8/255"), .init("Empty", "")]
    let bytes = try image.png(text: text)
    let decoded = try Image.decode(png: bytes, path: "x")
    #expect(decoded.image == image)
    #expect(Set(decoded.text) == Set(text))
    #expect(try bytes == image.png(text: text))
  }

  /// Files made by Pillow and libpng's own writer of other colour types; see `generate.py`.
  @Test(arguments: [
    "palette", "gray1", "gray-alpha", "rgba", "rgba16", "interlaced", "transparent",
  ])
  func decodesEveryColourType(name: String) throws {
    let image = try Image(contentsOf: Fixtures.url("png/\(name).png").path)
    let expected = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: Fixtures.url("png/expected.json"))) as? [String: [String: Any]])
    let entry = try #require(expected[name])
    #expect(image.shape == entry["shape"] as? [Int])
    #expect(image.levels.map(Int.init) == entry["levels"] as? [Int])
  }

  @Test func damageNeverCrashesAndIsAnErrorOrAnImage() throws {
    let image = try Image(
      shape: [3, 6, 6], levels: (0..<108).map { UInt16($0 * 2) }, bits: 8)
    let bytes = try image.png(text: [.init("key", "value")])
    for index in bytes.indices {
      for change: UInt8 in [0x01, 0x80, 0xff] {
        var damaged = bytes
        damaged[index] ^= change
        _ = try? Image(png: damaged, path: "x")
      }
      #expect(throws: PNGError.self) { try Image(png: Array(bytes[..<index]), path: "x") }
    }
  }

  @Test func aHugeHeaderIsRefusedBeforeItIsAllocated() throws {
    // A width and height of 2^20 each in IHDR, with the right checksum.
    var bytes = try Image(color: [9], height: 2, width: 2).png()
    bytes.replaceSubrange(16..<24, with: [0, 0x10, 0, 0, 0, 0x10, 0, 0])
    let checksum = Zlib.checksum(bytes[12..<29])
    bytes.replaceSubrange(29..<33, with: (0..<4).map { UInt8(checksum >> (24 - 8 * $0) & 255) })
    let error = #expect(throws: PNGError.self) { try Image(png: bytes, path: "big.png") }
    #expect(
      error?.description
        == "file 'big.png' is no usable PNG image: the image is larger than what is accepted")
  }

  @Test func errorsNameTheFileAndTheReason() throws {
    let path = "/no/such.png"
    let absent = #expect(throws: PNGError.self) { try Image(contentsOf: path) }
    #expect(
      absent?.description == "file '/no/such.png' cannot be read: No such file or directory")
    let wrong = #expect(throws: PNGError.self) { try Image(png: [1, 2, 3], path: "a") }
    #expect(
      wrong?.description == "file 'a' is no usable PNG image: it does not begin like a PNG file")
    let empty = #expect(throws: PNGError.self) { try Image(png: [], path: "a") }
    #expect(empty == wrong)
    let shape = #expect(throws: PNGError.self) { try Image([0, 0], shape: [2, 1, 1]) }
    #expect(shape == .unsupportedShape([2, 1, 1]))
    let image = Image(color: [1], height: 1, width: 1)
    for key in ["", " a", "a ", "a  b", "é", String(repeating: "k", count: 80)] {
      #expect(throws: PNGError.invalidText(key: key)) { try image.png(text: [.init(key, "v")]) }
    }
    #expect(throws: PNGError.invalidText(key: "a")) { try image.png(text: [.init("a", "\0")]) }
    #expect(throws: PNGError.self) { try image.write(to: "/no/such/folder.png") }
  }

  @Test func valuesAreBytesOver255() throws {
    let image = try Image(shape: [1, 16, 16], levels: (0..<256).map { UInt16($0) })
    let bytes: [Float] = (0..<256).map { Float($0) }
    let symmetric: [Float] = bytes.map { -1 + 2 * $0 / 255 }
    #expect(image.values().values == bytes.map { $0 / 255 })
    #expect(image.values(range: 0...255).values == bytes)
    #expect(image.values(range: -1...1).values == symmetric)
    #expect(try Image(image.values().values, shape: [1, 16, 16]) == image)
    let outside: [Float] = [-.infinity, .infinity, .nan, 2]
    #expect(try Image(outside, shape: [1, 1, 4]).levels == [0, 255, 0, 255])
  }

  @Test func differencePutsNoChangeInTheMiddle() throws {
    let clean: [Float] = [0.5, 0.5, 0.5, 0.5]
    let adversarial: [Float] = [0.5, 0.75, 0.25, 0.625]
    let result = try Image.difference(of: adversarial, from: clean, shape: [1, 2, 2])
    // 128 + 127 * change / 0.25; 128 + 63.5 rounds away from zero.
    #expect(result.image.levels == [128, 255, 1, 192])
    #expect(result.largest == 0.25)
    let same = try Image.difference(of: clean, from: clean, shape: [1, 2, 2])
    #expect(same.image.levels == [128, 128, 128, 128])
    #expect(same.largest == 0)
  }
}
