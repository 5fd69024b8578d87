internal import Tensors

/// The ways in which a convolution can be computed, and which is the fastest for a shape.
///
/// Decided by the shape and what follows, so that bits depend on neither threads nor chunks, from a
/// model of the time per image whose constants were fitted to measurements on one core of a Zen 5
/// with AVX-512; `gauntlet bench convolution` measures them again, shape by shape and route by
/// route. Only their ratios matter.
enum ConvolutionRoute {
  case shallow, winograd, product

  /// The fastest route for an image's forward pass and gradient together.
  ///
  /// - Parameter kink: what follows.
  static func preferred(
    _ window: Window, filters: Int, groups: Int, kink: WinogradConvolution.Kink
  ) -> ConvolutionRoute {
    guard groups == 1 else { return .product }
    let productBack = productGradientTime(window, filters)
    var best = (route: ConvolutionRoute.product, time: productTime(window, filters) + productBack)
    // What is read again for every few filters has to stay in the first cache.
    if ShallowConvolution.fits(window), window.channels <= 16 {
      let back =
        ShallowConvolution.fitsGradient(window)
        ? shallowGradientTime(window, filters) : productBack
      let time = shallowTime(window, filters) + back
      if time < best.time { best = (.shallow, time) }
    }
    if WinogradConvolution.fits(window, kink: kink) {
      let time =
        winogradTime(window, from: window.channels, to: filters)
        + winogradTime(window, from: filters, to: window.channels)
      if time < best.time { best = (.winograd, time) }
    }
    return best.route
  }

  /// Values of the image that an output reads.
  private static func taps(_ window: Window) -> Int {
    window.channels * window.kernel.y * window.kernel.x
  }

  private static func columnCount(_ window: Window) -> Int {
    taps(window) * window.outHeight * window.outWidth
  }

  /// Operations of the direct computation.
  private static func operations(_ window: Window, _ filters: Int) -> Double {
    Double(2 * filters * columnCount(window))
  }

  /// In nanoseconds, as all times here: 190 GFLOP/s, and 0.25 ns to place each value of the columns.
  private static func productTime(_ window: Window, _ filters: Int) -> Double {
    operations(window, filters) / 190 + Double(columnCount(window)) * 0.25
  }

  /// The same with a row for each tap, eight at a time, and 0.35 ns to add each value where it came
  /// from.
  private static func productGradientTime(_ window: Window, _ filters: Int) -> Double {
    let waste = Double((taps(window) + 7) / 8 * 8) / Double(taps(window))
    return operations(window, filters) * waste / 190 + Double(columnCount(window)) * 0.35
  }

  /// 190 GFLOP/s.
  private static func shallowTime(_ window: Window, _ filters: Int) -> Double {
    operations(window, (filters + 3) / 4 * 4) / 190
  }

  /// 130 GFLOP/s.
  private static func shallowGradientTime(_ window: Window, _ filters: Int) -> Double {
    operations(window, filters) / 130
  }

  /// For each tile of 4 x 4 outputs: transforms of every channel on either side, and the products.
  private static func winogradTime(_ window: Window, from: Int, to: Int) -> Double {
    let tiles = Double((window.outHeight + 3) / 4 * ((window.outWidth + 3) / 4))
    let inputs = Double((from + 15) / 16 * 16)
    let outputs = Double((to + 31) / 32 * 32)
    if window.stride.y == 2 { return tiles * (6 * inputs + 3 * outputs + 0.78 * inputs * outputs) }
    return window.kernel.y == 3
      ? tiles * (4.8 * inputs + 3 * outputs + 0.335 * inputs * outputs)
      : tiles * (4 * inputs + 2.5 * outputs + 0.76 * inputs * outputs)
  }
}
