/// Where the tensors of an encoded value are kept when they shall not stand in its text.
///
/// Put one into an encoder's or decoder's `userInfo` under ``key``: each `Tensor` is then stored
/// here and only its name is written. Names are `<coding path>` joined by dots. Belongs to the
/// thread that encodes or decodes; `userInfo` asks for `Sendable`.
public final class TensorArchive: @unchecked Sendable {
  /// The `userInfo` key.
  public static let key: CodingUserInfoKey = {
    guard let key = CodingUserInfoKey(rawValue: "gauntlet.tensors") else {
      preconditionFailure("a literal key is valid")
    }
    return key
  }()
  /// The tensors by name.
  public var tensors: [String: Tensor]
  public init(_ tensors: [String: Tensor] = [:]) { self.tensors = tensors }
}

extension Tensor: Codable {
  private enum Keys: String, CodingKey { case shape, values, tensor }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    if let archive = decoder.userInfo[TensorArchive.key] as? TensorArchive {
      let name = try container.decode(String.self, forKey: .tensor)
      guard let tensor = archive.tensors[name] else {
        throw DecodingError.dataCorruptedError(
          forKey: .tensor, in: container, debugDescription: "no tensor '\(name)' in the weights")
      }
      self = tensor
      return
    }
    let shape = try container.decode([Int].self, forKey: .shape)
    let values = try container.decode([Float].self, forKey: .values)
    guard shape.allSatisfy({ $0 >= 0 }), shape.checkedElementCount == values.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .values, in: container,
        debugDescription: "shape \(shape) does not hold \(values.count) values")
    }
    self.init(shape: shape, values: values)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    if let archive = encoder.userInfo[TensorArchive.key] as? TensorArchive {
      let name = encoder.codingPath.map(\.stringValue).joined(separator: ".")
      archive.tensors[name] = self
      try container.encode(name, forKey: .tensor)
    } else {
      try container.encode(shape, forKey: .shape)
      try container.encode(values, forKey: .values)
    }
  }
}

extension [Int] {
  /// The number of elements of a tensor of this shape, or `nil` where it does not fit an `Int` or
  /// an extent is negative.
  public var checkedElementCount: Int? {
    var count = 1
    for extent in self {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow || extent < 0 { return nil }
      count = product
    }
    return count
  }
}
