internal import Foundation

/// Lines over two axes, as an SVG image that opens in any browser.
public struct LineChart: Sendable {
  /// One line.
  public struct Series: Sendable {
    public var name: String
    public var points: [(x: Double, y: Double)]
    /// Drawn broken, as a warning.
    public var isDashed: Bool

    public init(name: String, points: [(x: Double, y: Double)], isDashed: Bool = false) {
      self.name = name
      self.points = points
      self.isDashed = isDashed
    }
  }

  /// How values lie along an axis.
  public enum Scale: Sendable { case linear, logarithmic }

  public var title: String
  public var xTitle: String
  public var yTitle: String
  public var xScale: Scale
  public var yScale: Scale
  public var series: [Series]
  /// Nil: from the points.
  public var yRange: ClosedRange<Double>?

  public init(
    title: String, xTitle: String, yTitle: String, xScale: Scale = .linear,
    yScale: Scale = .linear, yRange: ClosedRange<Double>? = nil, series: [Series]
  ) {
    self.title = title
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.xScale = xScale
    self.yScale = yScale
    self.yRange = yRange
    self.series = series
  }

  private static let height = 440.0
  private static let plot = (left: 70.0, top: 44.0, right: 540.0, bottom: 384.0)
  /// Told apart by people who see few colours (Okabe and Ito).
  private static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#e69f00", "#56b4e9", "#7f7f7f",
  ]

  /// Wide enough for the longest name beside the plot.
  private var width: Double {
    let longest = series.map(\.name.count).max() ?? 0
    return max(Self.plot.right + 60 + 7 * Double(longest), 700)
  }

  /// The image.
  public var svg: String {
    let points = series.flatMap(\.points)
    let x = Axis(points.map(\.x), xScale, range: nil, onto: (Self.plot.left, Self.plot.right))
    let y = Axis(points.map(\.y), yScale, range: yRange, onto: (Self.plot.bottom, Self.plot.top))
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(width)) "
        + "\(number(Self.height))\" font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      text(title, Self.plot.left, 24, "start", " font-size=\"15\" font-weight=\"bold\""),
    ]
    for tick in x.ticks {
      let place = x.place(tick)
      lines.append(line(place, Self.plot.top, place, Self.plot.bottom, "#e4e4e4"))
      lines.append(text(short(tick), place, Self.plot.bottom + 18, "middle"))
    }
    for tick in y.ticks {
      let place = y.place(tick)
      lines.append(line(Self.plot.left, place, Self.plot.right, place, "#e4e4e4"))
      lines.append(text(short(tick), Self.plot.left - 8, place + 4, "end"))
    }
    lines.append(
      "<rect x=\"\(number(Self.plot.left))\" y=\"\(number(Self.plot.top))\" "
        + "width=\"\(number(Self.plot.right - Self.plot.left))\" "
        + "height=\"\(number(Self.plot.bottom - Self.plot.top))\" fill=\"none\" stroke=\"#555\"/>")
    lines.append(
      text(xTitle, (Self.plot.left + Self.plot.right) / 2, Self.height - 16, "middle"))
    let middle = (Self.plot.top + Self.plot.bottom) / 2
    lines.append(
      text(yTitle, 18, middle, "middle", " transform=\"rotate(-90 18 \(number(middle)))\""))
    for (index, series) in series.enumerated() {
      let color = Self.colors[index % Self.colors.count]
      let dash = series.isDashed ? " stroke-dasharray=\"6 4\"" : ""
      let path = series.points.filter { x.holds($0.x) && y.holds($0.y) }
        .map { "\(number(x.place($0.x))),\(number(y.place($0.y)))" }.joined(separator: " ")
      lines.append(
        "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\"\(dash)/>"
      )
      let row = Self.plot.top + 14 + 20 * Double(index)
      let left = Self.plot.right + 14
      lines.append(
        "<line x1=\"\(number(left))\" y1=\"\(number(row - 4))\" x2=\"\(number(left + 24))\" "
          + "y2=\"\(number(row - 4))\" stroke=\"\(color)\" stroke-width=\"2\"\(dash)/>")
      lines.append(text(series.name, left + 30, row, "start"))
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private func text(
    _ text: String, _ x: Double, _ y: Double, _ anchor: String, _ more: String = ""
  ) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\"\(more)>"
      + "\(escaped(text))</text>"
  }

  private func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String
  ) -> String {
    "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" "
      + "stroke=\"\(color)\"/>"
  }

  private func number(_ value: Double) -> String { String(format: "%.6g", value) }
}

/// Values along an axis and where they stand in the picture.
private struct Axis {
  let scale: LineChart.Scale
  let ends: (low: Double, high: Double)
  let target: (low: Double, high: Double)
  let ticks: [Double]

  init(
    _ values: [Double], _ scale: LineChart.Scale, range: ClosedRange<Double>?,
    onto target: (Double, Double)
  ) {
    self.scale = scale
    self.target = (target.0, target.1)
    let values = values.filter { $0.isFinite && (scale == .linear || $0 > 0) }
    var low = range?.lowerBound ?? values.min() ?? 0
    var high = range?.upperBound ?? values.max() ?? 1
    switch scale {
    case .logarithmic:
      low = pow(10, floor(log10(max(low, .leastNormalMagnitude)) + 1e-9))
      high = max(pow(10, ceil(log10(max(high, low)) - 1e-9)), low * 10)
      let decades = Int((log10(high) - log10(low)).rounded())
      let step = max(1, (decades + 7) / 8)
      ticks = stride(from: 0, through: decades, by: step).map { low * pow(10, Double($0)) }
    case .linear:
      if range == nil { low = min(low, 0) }
      if high <= low { high = low + 1 }
      // Steps of 1, 2 or 5 times a power of ten, about six of them.
      let raw = (high - low) / 6
      let power = pow(10, floor(log10(raw)))
      let step = ([1, 2, 5, 10].first { $0 * power >= raw } ?? 10) * power
      if range == nil { high = ceil(high / step - 1e-9) * step }
      let first = Int((low / step).rounded(.up))
      let last = Int((high / step + 1e-9).rounded(.down))
      ticks = (first...max(first, last)).map { Double($0) * step }
    }
    ends = (low, high)
  }

  func holds(_ value: Double) -> Bool {
    value.isFinite && (scale == .linear || value > 0)
  }

  func place(_ value: Double) -> Double {
    let part =
      scale == .linear
      ? (value - ends.low) / (ends.high - ends.low)
      : log(value / ends.low) / log(ends.high / ends.low)
    return target.low + (target.high - target.low) * min(max(part, 0), 1)
  }
}
