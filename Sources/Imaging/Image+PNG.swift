internal import CPNG
internal import Files
internal import Foundation

extension Image {
  /// A key and a text stored in a PNG file beside the pixels.
  public struct Text: Sendable, Equatable, Hashable {
    /// 1 to 79 printable ASCII characters.
    public var key: String
    /// Any text without zero bytes.
    public var value: String

    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The most samples ``init(png:path:)`` accepts, counting four for each pixel.
  public static let sampleLimit = 1 << 28

  /// Decodes a PNG of any kind.
  ///
  /// A palette and fewer than 8 bits are expanded to 8 bits; a transparent pixel is composed with
  /// black. Samples are taken as they are stored: no gamma or colour profile is applied.
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - path: Its name, for errors.
  /// - Throws: ``PNGError/malformed(path:problem:)``.
  public init(png bytes: [UInt8], path: String) throws(PNGError) {
    self = try Image.decode(png: bytes, path: path).image
  }

  /// Decodes a PNG and the text stored with it.
  ///
  /// - Throws: ``PNGError/malformed(path:problem:)``.
  public static func decode(
    png bytes: [UInt8], path: String
  ) throws(PNGError) -> (image: Image, text: [Text]) {
    var decoded = cpng_image()
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE))
    let status = bytes.withUnsafeBufferPointer { buffer in
      // An empty array has no address, and no byte of it is read.
      withUnsafePointer(to: 0 as UInt8) { nothing in
        cpng_decode(
          buffer.baseAddress ?? nothing, buffer.count, sampleLimit, &decoded, &message)
      }
    }
    guard status == 0 else {
      throw .malformed(path: path, problem: string(message))
    }
    defer { cpng_free(&decoded) }
    let (width, height) = (Int(decoded.width), Int(decoded.height))
    let (channels, bits) = (Int(decoded.channels), Int(decoded.bits))
    guard let samples = decoded.samples else {
      throw .malformed(path: path, problem: "it has no pixels")
    }
    let pixels = width * height
    var levels = [UInt16](repeating: 0, count: channels * pixels)
    let bytes = samples.assumingMemoryBound(to: UInt8.self)
    let words = samples.assumingMemoryBound(to: UInt16.self)
    for channel in 0..<channels {
      for pixel in 0..<pixels {
        let source = pixel * channels + channel
        levels[channel * pixels + pixel] = bits == 8 ? UInt16(bytes[source]) : words[source]
      }
    }
    let image = Image(
      channels: channels, height: height, width: width, bits: bits, levels: levels)
    let text = UnsafeRawBufferPointer(start: decoded.text, count: decoded.text_size)
    let strings = text.split(separator: 0, omittingEmptySubsequences: false).map(string(_:))
    return (
      image,
      stride(from: 0, to: strings.count - 1, by: 2).map { Text(strings[$0], strings[$0 + 1]) }
    )
  }

  /// The picture as a PNG file; equal pictures and texts give equal bytes.
  ///
  /// - Throws: ``PNGError/invalidText(key:)`` or ``PNGError/notEncoded(problem:)``.
  public func png(text: [Text] = []) throws(PNGError) -> [UInt8] {
    for entry in text {
      let isPrintable = entry.key.utf8.allSatisfy { $0 >= 32 && $0 < 127 }
      // The standard also refuses spaces at the ends and in a row.
      guard isPrintable, 1...79 ~= entry.key.utf8.count, !entry.key.hasPrefix(" "),
        !entry.key.hasSuffix(" "), !entry.key.contains("  "), !entry.value.utf8.contains(0)
      else { throw .invalidText(key: entry.key) }
    }
    let pixels = height * width
    let bytesPerSample = bits / 8
    let samples = [UInt8](unsafeUninitializedCapacity: levels.count * bytesPerSample) {
      buffer, initialized in
      initialized = levels.count * bytesPerSample
      for channel in 0..<channels {
        for pixel in 0..<pixels {
          let level = levels[channel * pixels + pixel]
          let target = pixel * channels + channel
          if bits == 8 {
            buffer.initializeElement(at: target, to: UInt8(truncatingIfNeeded: level))
          } else {
            UnsafeMutableRawBufferPointer(buffer).storeBytes(
              of: level, toByteOffset: 2 * target, as: UInt16.self)
          }
        }
      }
    }
    var strings: [UInt8] = []
    for entry in text {
      strings += entry.key.utf8
      strings.append(0)
      strings += entry.value.utf8
      strings.append(0)
    }
    return try encode(samples, strings)
  }

  private func encode(_ samples: [UInt8], _ strings: [UInt8]) throws(PNGError) -> [UInt8] {
    var samples = samples
    var strings = strings
    var output: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE))
    let status = samples.withUnsafeMutableBytes { pixels in
      strings.withUnsafeMutableBytes { text in
        var image = cpng_image(
          width: UInt32(clamping: width), height: UInt32(clamping: height),
          channels: UInt32(channels), bits: UInt32(bits), samples: pixels.baseAddress,
          text: text.baseAddress?.assumingMemoryBound(to: CChar.self), text_size: text.count)
        return cpng_encode(&image, &output, &count, &message)
      }
    }
    guard status == 0, let output else { throw .notEncoded(problem: string(message)) }
    defer { free(output) }
    return Array(UnsafeBufferPointer(start: output, count: count))
  }

  /// Reads a PNG file.
  ///
  /// - Throws: ``PNGError/file(_:)`` or ``PNGError/malformed(path:problem:)``.
  public init(contentsOf path: String) throws(PNGError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try readFile(path, limit: Image.sampleLimit)
    } catch {
      throw .file(error)
    }
    try self.init(png: bytes, path: path)
  }

  /// Writes a PNG file, whole or not at all.
  ///
  /// - Throws: ``PNGError``.
  public func write(to path: String, text: [Text] = []) throws(PNGError) {
    let bytes = try png(text: text)
    do throws(FileError) {
      try writeAtomically(bytes, to: path)
    } catch {
      throw .file(error)
    }
  }
}

/// A C string; what is not UTF-8 is read as Latin-1.
private func string(_ characters: some Collection<UInt8>) -> String {
  String(validating: characters, as: UTF8.self)
    ?? String(String.UnicodeScalarView(characters.map { Unicode.Scalar($0) }))
}

private func string(_ characters: [CChar]) -> String {
  string(characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
}
