/// A colour page to draw on; what falls outside is cut off.
struct Canvas {
  let width: Int
  let height: Int
  private var levels: [UInt16]

  init(width: Int, height: Int, color: ContactSheet.Color) {
    self.width = width
    self.height = height
    levels = []
    for sample in [color.red, color.green, color.blue] {
      levels += repeatElement(UInt16(sample), count: width * height)
    }
  }

  /// The page so far.
  var image: Image {
    Image(channels: 3, height: height, width: width, bits: 8, levels: levels)
  }

  mutating func fill(x: Int, y: Int, width: Int, height: Int, color: ContactSheet.Color) {
    for (channel, sample) in [color.red, color.green, color.blue].enumerated() {
      fill(channel, x: x, y: y, width: width, height: height, sample: UInt16(sample))
    }
  }

  /// Draws a picture, each pixel `scale` times in both directions.
  mutating func draw(_ image: Image, x: Int, y: Int, scale: Int) {
    let shift = image.bits - 8
    for channel in 0..<3 {
      let plane = (image.channels == 3 ? channel : 0) * image.height * image.width
      for row in 0..<image.height {
        for column in 0..<image.width {
          fill(
            channel, x: x + column * scale, y: y + row * scale, width: scale, height: scale,
            sample: image.levels[plane + row * image.width + column] >> shift)
        }
      }
    }
  }

  mutating func draw(
    _ text: String, x: Int, y: Int, scale: Int, color: ContactSheet.Color = .ink
  ) {
    for (position, character) in text.enumerated() {
      let left = x + position * (Font.width + 1) * scale
      for row in 0..<Font.height {
        for column in 0..<Font.width
        where Font.hasInk(character, row: row, column: column) {
          fill(
            x: left + column * scale, y: y + row * scale, width: scale, height: scale,
            color: color)
        }
      }
    }
  }

  private mutating func fill(
    _ channel: Int, x: Int, y: Int, width: Int, height: Int, sample: UInt16
  ) {
    let columns = max(x, 0)..<max(min(x + width, self.width), max(x, 0))
    for row in max(y, 0)..<max(min(y + height, self.height), max(y, 0)) {
      let start = (channel * self.height + row) * self.width
      for column in columns { levels[start + column] = sample }
    }
  }
}
