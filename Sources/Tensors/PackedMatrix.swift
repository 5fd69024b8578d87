internal import CKernels

/// The right side of a matrix product, packed once in the order in which the kernel reads it.
public struct PackedMatrix: Sendable {
  /// Rows and columns of the matrix.
  public let rows: Int, columns: Int
  private let storage: AlignedBuffer

  /// The `rows` x `columns` matrix whose element (i, j) is
  /// `values[i * rowStride + j * columnStride]`.
  /// - Parameter packing: which once finished makes it ready; nil: it is at once.
  public init(
    _ values: [Float], rows: Int, columns: Int, rowStride: Int, columnStride: Int,
    packing: Packing? = nil
  ) {
    self.rows = rows
    self.columns = columns
    let panel = 32  // columns
    storage = Packing.buffer(
      count: ck_packed_count(rows, columns), pieces: (columns + panel - 1) / panel, in: packing
    ) { target, piece in
      let first = piece * panel
      values.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        ck_pack(
          base + first * columnStride, rows, min(panel, columns - first), rowStride, columnStride,
          target + first * rows)
      }
    }
  }

  /// `result[m x columns] = left[m x rows] * self (+ bias) (then max(0, ·))`.
  ///
  /// The bits of a row of the result depend on that row of `left` alone, not on `count`.
  public func multiply(
    left: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>? = nil,
    rectified: Bool = false, result: UnsafeMutablePointer<Float>
  ) {
    ck_multiply(
      left, rows, count, storage.pointer, rows, columns, bias, nil, rectified ? 1 : 0, result,
      columns)
  }
}

// The same in memory of the caller's, for a right side that is new every time.
extension PackedMatrix {
  /// Floats of a packed matrix.
  public static func count(rows: Int, columns: Int) -> Int { ck_packed_count(rows, columns) }

  /// Packs the `rows` x `columns` matrix whose rows are `rowStride` apart.
  public static func pack(
    _ values: UnsafePointer<Float>, rows: Int, columns: Int, rowStride: Int,
    into packed: UnsafeMutablePointer<Float>
  ) {
    ck_pack(values, rows, columns, rowStride, 1, packed)
  }

  /// `result[m x columns] = left[m x rows] * packed (+ shift[m]) (then max(0, ·))`, rows of the result
  /// `resultStride` apart.
  ///
  /// The bits of an element depend on its row of `left` and its column of the matrix alone.
  public static func multiply(
    left: UnsafePointer<Float>, count: Int, packed: UnsafePointer<Float>, rows: Int, columns: Int,
    shift: UnsafePointer<Float>? = nil, rectified: Bool = false,
    result: UnsafeMutablePointer<Float>, resultStride: Int
  ) {
    ck_multiply(
      left, rows, count, packed, rows, columns, nil, shift, rectified ? 1 : 0, result,
      resultStride)
  }
}

/// Floats at an address that is a multiple of 64; written while it is made, read-only afterwards.
public final class AlignedBuffer: @unchecked Sendable {
  public let count: Int
  public let pointer: UnsafeMutablePointer<Float>

  public init(count: Int) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    pointer.initialize(repeating: 0, count: max(count, 1))
  }

  public convenience init(_ values: [Float]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { pointer.deallocate() }
}
