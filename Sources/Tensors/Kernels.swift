internal import CKernels

// Whole-array operations on raw memory: the Swift face of `CKernels`.

/// `target[i] += source[i]`.
public func add(
  _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
) {
  ck_add(target, source, count)
}
/// See `add(_:to:count:)`.
public func add(
  _ source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
) {
  ck_add(target, source, count)
}

/// The inner product in double precision; the same bits on every machine.
public func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Double {
  ck_dot(x, y, count)
}

/// Fills `result` with standard normals in double precision from as many uniform words.
///
/// Box-Muller from IEEE operations only, so every machine gives the same bits. |z| < 8.58.
/// - Parameter bits: at least `result.count` rounded up to a multiple of 16.
public func fillNormals(
  _ result: UnsafeMutableBufferPointer<Double>, from bits: UnsafeBufferPointer<UInt64>
) {
  precondition(bits.count >= (result.count + 15) / 16 * 16, "too few random bits")
  guard let target = result.baseAddress, let source = bits.baseAddress else { return }
  ck_wide_normals(target, source, result.count)
}

/// `sums[rows x columns] += left[k]^T right[k]` for `k` in `0..<count`, in order, where `left` is
/// `[count, rows]` and `right` `[count, columns]`.
///
/// The bits are those of adding one product after the other: a sum over many examples may be cut
/// anywhere.
/// - Parameter leftStride: from one row of `left` to the next, if that is more than `rows`.
public func addOuterProducts(
  _ left: UnsafePointer<Float>, leftStride: Int? = nil, _ right: UnsafePointer<Float>, rows: Int,
  columns: Int, count: Int, to sums: UnsafeMutablePointer<Float>
) {
  ck_add_outer_products(sums, left, leftStride ?? rows, right, rows, columns, count)
}

/// `sums[rows x columns] += left right^T` for `left` `[rows, depth]` and `right` `[columns,
/// depth]`: for long rows. An element's bits depend on its two rows alone and are the same on every
/// machine with fused multiply-add.
public func addRowProducts(
  _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, rows: Int, columns: Int, depth: Int,
  to sums: UnsafeMutablePointer<Float>
) {
  ck_add_row_products(sums, left, right, rows, columns, depth)
}

/// `result[i] = max(values[i], 0)`; the two may be the same memory.
public func rectify(
  _ values: UnsafePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>
) {
  ck_relu(result, values, count)
}

/// `result[i] = values[i] > 0 ? gradient[i] : 0`; `result` may be `gradient`.
public func rectifierGradient(
  _ gradient: UnsafePointer<Float>, at values: UnsafePointer<Float>, count: Int,
  into result: UnsafeMutablePointer<Float>
) {
  ck_relu_gradient(result, gradient, values, count)
}

/// Which of some values are positive, in a bit each: all that a rectifier's gradient needs to know.
public enum Signs {
  /// Floats of memory for the signs of `count` values.
  public static func floatCount(_ count: Int) -> Int { (count + 31) / 32 }

  /// Writes the signs of `values`.
  public static func keep(
    of values: UnsafePointer<Float>, count: Int, in signs: UnsafeMutablePointer<Float>
  ) {
    ck_keep_signs(words(signs), values, count)
  }

  /// `gradient[i] = values[i] > 0 ? gradient[i] : 0` for the values whose signs these are.
  public static func apply(
    _ signs: UnsafeMutablePointer<Float>, to gradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    ck_apply_signs(gradient, gradient, words(signs), count)
  }

  private static func words(
    _ memory: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt16.self)
  }
}

/// `sums[row] += values[row, 0] + ... + values[row, columns - 1]`.
public func addRowSums(
  of values: UnsafePointer<Float>, rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>
) {
  ck_add_row_sums(sums, values, rows, columns)
}

/// For `count` blocks of `scale.count` runs of `inner` elements:
/// `result = values * scale[run] + shift[run]`.
public func affine(
  _ values: UnsafePointer<Float>, scale: [Float], shift: [Float], count: Int, inner: Int,
  into result: UnsafeMutablePointer<Float>
) {
  ck_affine(result, values, scale, shift, count, scale.count, inner)
}
