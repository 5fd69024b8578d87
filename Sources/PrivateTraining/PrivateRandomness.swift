internal import Crypto
internal import Foundation
internal import Tensors

/// The random words of a private run: which examples a step samples, and its noise.
///
/// A place in the stream is (use, step or draw, part, offset), so what is drawn depends neither on
/// threads nor on order.
enum PrivateRandomness: Sendable {
  case secure(SymmetricKey)
  case seeded(UInt64)

  /// What words are for; they never share any.
  enum Use: UInt32 { case sampling, noise }

  init(_ kind: DPSGD.Randomness, seed: UInt64) {
    switch kind {
    case .secure: self = .secure(SymmetricKey(size: .bits256))
    case .seeded: self = .seeded(seed)
    }
  }

  /// What it takes to draw the same again, as numbers of 32 bits: the key; none where it is a seed.
  var secret: [Double] {
    guard case .secure(let key) = self else { return [] }
    return key.withUnsafeBytes { bytes in
      bytes.bindMemory(to: UInt32.self).map(Double.init)
    }
  }

  /// Whether numbers could be a `secret` of this kind.
  func accepts(secret: [Double]) -> Bool {
    secret.count == self.secret.count
      && secret.allSatisfy { $0 >= 0 && $0 < 0x1p32 && $0.rounded() == $0 }
  }

  /// The same kind with another secret.
  func with(secret: [Double]) -> PrivateRandomness {
    precondition(accepts(secret: secret), "another method's secret")
    guard case .secure = self else { return self }
    let words = secret.map { UInt32($0) }
    return .secure(words.withUnsafeBytes { SymmetricKey(data: $0) })
  }

  /// Words `0..<count` of a part of a draw.
  func words(_ count: Int, for use: Use, draw: Int, part: Int = 0) -> [UInt64] {
    switch self {
    case .seeded(let seed):
      let key = RandomKey(
        seed: seed, purpose: use == .sampling ? .privateSampling : .privateNoise, example: part,
        draw: draw)
      return [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
        UnsafeMutableRawBufferPointer(buffer).withMemoryRebound(to: UInt32.self) { words in
          key.fillBits(UnsafeMutableBufferPointer(rebasing: words[..<(2 * count)]))
        }
        initialized = count
      }
    case .secure(let key):
      var place = [use.rawValue.littleEndian]
      place.append(UInt32(draw).littleEndian)
      place.append(UInt32(part).littleEndian)
      // The encryption of zeros is the key stream.
      let zeros = [UInt8](repeating: 0, count: count * 8)
      let nonce = place.withUnsafeBytes { try? AES.GCM.Nonce(data: Data($0)) }
      guard let nonce, let box = try? AES.GCM.seal(zeros, using: key, nonce: nonce) else {
        preconditionFailure("encryption with a nonce of 12 bytes does not fail")
      }
      return [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
        box.ciphertext.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      }
    }
  }

  /// `count` standard normals in double precision.
  func normals(_ count: Int, draw: Int, part: Int) -> [Double] {
    let words = words((count + 15) / 16 * 16, for: .noise, draw: draw, part: part)
    return [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      words.withUnsafeBufferPointer {
        fillNormals(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), from: $0)
      }
      initialized = count
    }
  }

  /// A Poisson sample: each of `0..<count` with probability `rate` (rounded down to a multiple of
  /// 2^-64), independently, in ascending order.
  func sample(of count: Int, rate: Double, step: Int) -> [Int] {
    guard rate < 1 else { return Array(0..<count) }
    let threshold = UInt64(rate * 0x1p64)
    let words = words(count, for: .sampling, draw: step)
    return words.indices.filter { words[$0] < threshold }
  }
}
