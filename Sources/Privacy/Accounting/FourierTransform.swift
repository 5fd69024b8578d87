internal import Foundation

/// The discrete Fourier transform of a power of two of complex numbers, in place.
struct FourierTransform {
  private let count: Int
  /// `exp(-2 pi i k / count)` for the first half of the k.
  private let cosines: [Double]
  private let sines: [Double]

  init(count: Int) {
    precondition(count > 0 && count & (count - 1) == 0, "\(count) is no power of two")
    self.count = count
    let angle = -2 * Double.pi / Double(count)
    cosines = (0..<max(count / 2, 1)).map { cos(angle * Double($0)) }
    sines = (0..<max(count / 2, 1)).map { sin(angle * Double($0)) }
  }

  /// Forward, without a factor; the inverse is the transform with the parts exchanged, over
  /// `count`.
  func transform(_ real: inout [Double], _ imaginary: inout [Double]) {
    precondition(real.count == count && imaginary.count == count, "not \(count) numbers")
    real.withUnsafeMutableBufferPointer { real in
      imaginary.withUnsafeMutableBufferPointer { imaginary in
        cosines.withUnsafeBufferPointer { cosines in
          sines.withUnsafeBufferPointer { sines in
            transform(real, imaginary, cosines, sines)
          }
        }
      }
    }
  }

  private func transform(
    _ real: UnsafeMutableBufferPointer<Double>, _ imaginary: UnsafeMutableBufferPointer<Double>,
    _ cosines: UnsafeBufferPointer<Double>, _ sines: UnsafeBufferPointer<Double>
  ) {
    // Decimation in time: bit reversal, then butterflies.
    var reversed = 0
    for index in 1..<max(count, 1) {
      var bit = count >> 1
      while reversed & bit != 0 {
        reversed ^= bit
        bit >>= 1
      }
      reversed |= bit
      if index < reversed {
        real.swapAt(index, reversed)
        imaginary.swapAt(index, reversed)
      }
    }
    var half = 1
    while half < count {
      let stride = count / (2 * half)
      for start in Swift.stride(from: 0, to: count, by: 2 * half) {
        for offset in 0..<half {
          let (c, s) = (cosines[offset * stride], sines[offset * stride])
          let (upper, lower) = (start + offset, start + offset + half)
          let re = real[lower] * c - imaginary[lower] * s
          let im = real[lower] * s + imaginary[lower] * c
          real[lower] = real[upper] - re
          imaginary[lower] = imaginary[upper] - im
          real[upper] += re
          imaginary[upper] += im
        }
      }
      half *= 2
    }
  }
}
