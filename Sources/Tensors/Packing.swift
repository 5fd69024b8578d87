/// Weights on their way into the order in which kernels read them.
///
/// Kernels ask for memory as they are made; it is filled at the end, in pieces that threads share.
/// Weights that change are packed again in the same memory: what is asked for as the n-th after
/// ``begin()`` is what was asked for as the n-th before.
public final class Packing {
  private var buffers: [AlignedBuffer] = []
  private var taken = 0
  private var pieces: [() -> Void] = []

  public init() {}

  /// Begins again. What reads the memory asked for before must not run any more.
  public func begin() { taken = 0 }

  /// Fills all memory that was asked for since the last time.
  public func finish(threads: Int = 1) {
    nonisolated(unsafe) let work = pieces
    concurrently(work.count, threads: threads) { piece, _ in work[piece]() }
    pieces = []
  }

  /// Memory that `finish` fills, or that is filled at once where there is no packing.
  ///
  /// - Parameters:
  ///   - count: of floats.
  ///   - pieces: how many times `fill` is called, for parts of the memory of their own.
  ///   - fill: is given the memory and the number of the piece.
  static func buffer(
    count: Int, pieces: Int, in packing: Packing?,
    fill: @escaping (UnsafeMutablePointer<Float>, Int) -> Void
  ) -> AlignedBuffer {
    let buffer = packing?.take(count) ?? AlignedBuffer(count: count)
    for piece in 0..<pieces {
      if let packing {
        packing.pieces.append { fill(buffer.pointer, piece) }
      } else {
        fill(buffer.pointer, piece)
      }
    }
    return buffer
  }

  private func take(_ count: Int) -> AlignedBuffer {
    if taken == buffers.count { buffers.append(AlignedBuffer(count: count)) }
    if buffers[taken].count != count { buffers[taken] = AlignedBuffer(count: count) }
    taken += 1
    return buffers[taken - 1]
  }
}
