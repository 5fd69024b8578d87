/// Several pictures with captions on one page.
///
/// Tiles fill rows from the left. Each cell is as large as the largest tile; a small picture is
/// enlarged without smoothing, so single pixels stay visible.
public struct ContactSheet: Sendable {
  /// A picture and what stands under it.
  public struct Tile: Sendable {
    /// What is shown; samples of 16 bits are shown with their upper 8.
    public var image: Image
    /// Lines under the picture, separated by line feeds; a line too wide is broken.
    public var caption: String
    /// The colour of a frame around the picture, or nil for none.
    public var frame: Color?

    public init(_ image: Image, caption: String = "", frame: Color? = nil) {
      self.image = image
      self.caption = caption
      self.frame = frame
    }
  }

  /// Red, green and blue, 8 bits each.
  public struct Color: Sendable, Equatable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    /// The page.
    public static let paper = Color(red: 255, green: 255, blue: 255)
    /// The letters.
    public static let ink = Color(red: 30, green: 30, blue: 30)
    /// For what fooled the classifier.
    public static let alarm = Color(red: 213, green: 43, blue: 30)
    /// For what did not.
    public static let calm = Color(red: 46, green: 125, blue: 50)
  }

  /// The pictures, row by row.
  public var tiles: [Tile]
  /// Tiles in a row.
  public var columns: Int
  /// How many times a picture's pixel is repeated in both directions.
  public var scale: Int
  /// Free pixels around each cell.
  public var padding = 6
  /// How many times a letter's pixel is repeated.
  public var fontScale = 1
  /// A line above all tiles.
  public var title = ""

  public init(_ tiles: [Tile], columns: Int, scale: Int = 4) {
    precondition(columns > 0 && scale > 0, "\(columns) columns at scale \(scale)")
    self.tiles = tiles
    self.columns = columns
    self.scale = scale
  }

  /// The page: 8 bits, three channels.
  public func render() -> Image {
    let advance = (Font.width + 1) * fontScale
    let lineHeight = (Font.height + 3) * fontScale
    let pictureWidth = (tiles.map(\.image.width).max() ?? 1) * scale
    let pictureHeight = (tiles.map(\.image.height).max() ?? 1) * scale
    // A narrow picture still leaves room for twelve letters.
    let cellWidth = max(pictureWidth, 13 * advance)
    // One letter less than would fit keeps the captions of neighbours apart.
    let captions = tiles.map { Self.lines(of: $0.caption, width: cellWidth / advance - 1) }
    let captionHeight = (captions.map(\.count).max() ?? 0) * lineHeight
    let cellHeight = pictureHeight + (captionHeight > 0 ? padding / 2 + captionHeight : 0)
    let usedColumns = max(min(columns, tiles.count), 1)
    let pageWidth = padding + usedColumns * (cellWidth + padding)
    let titleLines = Self.lines(of: title, width: max((pageWidth - 2 * padding) / advance, 1))
    let top = padding + (titleLines.isEmpty ? 0 : titleLines.count * lineHeight + padding)
    let rows = (tiles.count + columns - 1) / columns
    var canvas = Canvas(
      width: pageWidth, height: top + rows * (cellHeight + padding), color: .paper)
    for (index, line) in titleLines.enumerated() {
      canvas.draw(line, x: padding, y: padding + index * lineHeight, scale: fontScale)
    }
    for (index, tile) in tiles.enumerated() {
      let x = padding + index % columns * (cellWidth + padding)
      let y = top + index / columns * (cellHeight + padding)
      let left = x + (cellWidth - tile.image.width * scale) / 2
      if let frame = tile.frame {
        canvas.fill(
          x: left - 2, y: y - 2, width: tile.image.width * scale + 4,
          height: tile.image.height * scale + 4, color: frame)
      }
      canvas.draw(tile.image, x: left, y: y, scale: scale)
      for (number, line) in captions[index].enumerated() {
        let width = line.count * advance - fontScale
        canvas.draw(
          line, x: x + (cellWidth - width) / 2,
          y: y + pictureHeight + padding / 2 + number * lineHeight + fontScale, scale: fontScale)
      }
    }
    return canvas.image
  }

  /// Breaks text at line feeds, and at spaces where a line is longer than `width` characters.
  static func lines(of text: String, width: Int) -> [String] {
    guard !text.isEmpty else { return [] }
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var current = ""
      for word in line.split(separator: " ") {
        var word = word
        if !current.isEmpty, current.count + 1 + word.count > width {
          lines.append(current)
          current = ""
        }
        while word.count > width {
          lines.append(String(word.prefix(width)))
          word = word.dropFirst(width)
        }
        current += current.isEmpty ? "\(word)" : " \(word)"
      }
      lines.append(current)
    }
    return lines
  }
}
