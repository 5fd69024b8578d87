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

/// For `count` blocks of `scale.count` runs of `inner` elements:
/// `result = values * scale[run] + shift[run]`.
public func affine(
  _ values: UnsafePointer<Float>, scale: [Float], shift: [Float], count: Int, inner: Int,
  into result: UnsafeMutablePointer<Float>
) {
  ck_affine(result, values, scale, shift, count, scale.count, inner)
}
