internal import Tensors

extension NumpyArray {
  /// Decodes the format of NEP 1 (versions 1 to 3), in C or Fortran order, of either byte order.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - path: The file it is or lies in, for errors.
  ///   - place: What it is called in errors, such as `member 'x.npy'`.
  init(npy bytes: ArraySlice<UInt8>, path: String, place: String) throws(DatasetError) {
    func malformed(_ problem: String) -> DatasetError {
      .malformed(path: path, place: place, problem: problem)
    }
    guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)), bytes.count >= 12 else {
      throw malformed("does not begin like a NumPy array")
    }
    let start = bytes.startIndex
    let version = bytes[start + 6]
    guard 1...3 ~= version else { throw malformed("has the unknown format version \(version)") }
    let sizeBytes = version == 1 ? 2 : 4
    let headerSize = bytes[start + 8..<start + 8 + sizeBytes].reversed()
      .reduce(0) { $0 << 8 | Int($1) }
    guard headerSize <= bytes.count - 8 - sizeBytes else {
      throw malformed("ends within its header")
    }
    let dataStart = start + 8 + sizeBytes + headerSize
    let text = String(decoding: bytes[start + 8 + sizeBytes..<dataStart], as: UTF8.self)
    guard let header = Header(text) else {
      throw malformed("has a header that does not state type, order and shape")
    }
    guard let type = ElementType(header.type) else {
      throw malformed("has elements of type '\(header.type)', which are no plain numbers")
    }
    let shape = header.shape
    guard let count = shape.checkedElementCount,
      case let (size, overflow) = count.multipliedReportingOverflow(by: type.size), !overflow,
      bytes.endIndex - dataStart == size
    else {
      throw malformed(
        "states the shape \(shape) of \(header.type), but \(bytes.endIndex - dataStart) bytes follow"
      )
    }
    guard var values = type.decode(bytes[dataStart...]) else {
      throw malformed("holds integers above the largest of 64 bits with a sign")
    }
    if header.isFortranOrder, shape.count > 1 { values = values.inCOrder(shape) }
    self.init(shape: shape, values)
  }

  /// What the dictionary at the start of the file says.
  private struct Header {
    var type = ""
    var isFortranOrder = false
    var shape: [Int] = []

    init?(_ text: String) {
      func value(_ key: String) -> Substring? {
        for quote in ["'", "\""] {
          let parts = text.split(separator: "\(quote)\(key)\(quote):", maxSplits: 1)
          if parts.count == 2 { return parts[1].drop { $0 == " " } }
        }
        return nil
      }
      guard let type = value("descr"), let order = value("fortran_order"),
        let shape = value("shape"), let quote = type.first, quote == "'" || quote == "\"",
        shape.first == "(", let end = shape.firstIndex(of: ")")
      else { return nil }
      self.type = String(type.dropFirst().prefix { $0 != quote })
      guard order.hasPrefix("True") || order.hasPrefix("False") else { return nil }
      isFortranOrder = order.hasPrefix("True")
      for part in shape[..<end].dropFirst().split(separator: ",") {
        let digits = part.filter { $0 != " " }
        if digits.isEmpty { continue }
        guard let extent = Int(digits), extent >= 0 else { return nil }
        self.shape.append(extent)
      }
    }
  }
}

/// A type of elements: byte order, kind and size, as in `<f4`.
private struct ElementType {
  let isBigEndian: Bool
  let kind: Character
  let size: Int

  init?(_ name: String) {
    guard let order = name.first, "<>|=".contains(order), name.count >= 3,
      let size = Int(name.dropFirst(2))
    else { return nil }
    isBigEndian = order == ">"
    kind = name[name.index(after: name.startIndex)]
    self.size = size
    switch kind {
    case "f": guard [2, 4, 8].contains(size) else { return nil }
    case "i", "u": guard [1, 2, 4, 8].contains(size) else { return nil }
    case "b": guard size == 1 else { return nil }
    default: return nil
    }
  }

  /// The elements, or nil where one does not fit.
  func decode(_ bytes: ArraySlice<UInt8>) -> NumpyArray.Values? {
    func words<T: FixedWidthInteger>(_: T.Type) -> [T] {
      bytes.withUnsafeBytes { source in
        (0..<source.count / MemoryLayout<T>.size).map { index in
          let word = source.loadUnaligned(
            fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
          return isBigEndian ? T(bigEndian: word) : T(littleEndian: word)
        }
      }
    }
    switch (kind, size) {
    case ("f", 2): return .float32(words(UInt16.self).map { Float(halfPrecision: $0) })
    case ("f", 4): return .float32(words(UInt32.self).map(Float.init(bitPattern:)))
    case ("f", _): return .float64(words(UInt64.self).map(Double.init(bitPattern:)))
    case ("u", 1), ("b", _): return .uint8(Array(bytes))
    case ("u", 2): return .int64(words(UInt16.self).map(Int64.init))
    case ("u", 4): return .int64(words(UInt32.self).map(Int64.init))
    case ("u", _):
      let unsigned = words(UInt64.self)
      return unsigned.allSatisfy { $0 <= Int64.max } ? .int64(unsigned.map { Int64($0) }) : nil
    case (_, 1): return .int64(words(Int8.self).map(Int64.init))
    case (_, 2): return .int64(words(Int16.self).map(Int64.init))
    case (_, 4): return .int32(words(Int32.self))
    default: return .int64(words(Int64.self))
    }
  }
}

extension Float {
  /// The value of IEEE 754 binary16; `Float16` does not exist on every platform.
  fileprivate init(halfPrecision bits: UInt16) {
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    let magnitude: Float =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
      }
    self = bits >> 15 == 1 ? -magnitude : magnitude
  }
}

extension NumpyArray.Values {
  /// The same array, first axis fastest, with its last axis fastest.
  fileprivate func inCOrder(_ shape: [Int]) -> NumpyArray.Values {
    func reordered<T>(_ source: [T]) -> [T] {
      var strides = [Int](repeating: 1, count: shape.count)
      for axis in 1..<shape.count { strides[axis] = strides[axis - 1] * shape[axis - 1] }
      var index = [Int](repeating: 0, count: shape.count)
      var offset = 0
      return (0..<source.count).map { _ in
        let element = source[offset]
        var axis = shape.count - 1
        while axis >= 0 {
          index[axis] += 1
          offset += strides[axis]
          if index[axis] < shape[axis] { break }
          offset -= strides[axis] * shape[axis]
          index[axis] = 0
          axis -= 1
        }
        return element
      }
    }
    return switch self {
    case .uint8(let values): .uint8(reordered(values))
    case .int32(let values): .int32(reordered(values))
    case .int64(let values): .int64(reordered(values))
    case .float32(let values): .float32(reordered(values))
    case .float64(let values): .float64(reordered(values))
    }
  }
}
