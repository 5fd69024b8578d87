import Imaging
import Testing

@Suite struct ContactSheetTests {
  @Test func pixelsAreRepeatedAtTheirPlace() throws {
    let tile = try Image(shape: [1, 1, 2], levels: [10, 200])
    var sheet = ContactSheet([.init(tile)], columns: 3, scale: 50)
    sheet.padding = 4
    let page = sheet.render()
    // 4 + 100 + 4 columns, 4 + 50 + 4 rows, white, and the two pixels at 50 times their size.
    #expect(page.shape == [3, 58, 108])
    for (row, column, expected) in [
      (3, 4, 255), (4, 4, 10), (53, 53, 10), (53, 54, 200), (53, 103, 200), (53, 104, 255),
      (54, 60, 255),
    ] {
      for channel in 0..<3 {
        #expect(Int(page.levels[(channel * 58 + row) * 108 + column]) == expected)
      }
    }
  }

  @Test func mixesDepthsAndColours() throws {
    let gray = try Image(shape: [1, 1, 1], levels: [0x8001], bits: 16)
    let red = Image(color: [255, 0, 0], height: 1, width: 1)
    var sheet = ContactSheet([.init(gray), .init(red)], columns: 1, scale: 80)
    sheet.padding = 0
    let page = sheet.render()
    #expect(page.shape == [3, 160, 80])
    let pixels = page.levels
    #expect(pixels[0] == 0x80 && pixels[160 * 80] == 0x80)
    #expect(pixels[159 * 80] == 255 && pixels[160 * 80 + 159 * 80] == 0)
  }

  @Test func captionsAndTitlesTakeRoomAndLeaveInk() {
    let tile = Image(color: [255], height: 4, width: 4)
    let plain = ContactSheet([.init(tile)], columns: 1, scale: 20).render()
    let captioned = ContactSheet([.init(tile, caption: "7 → 3\nfgsm")], columns: 1, scale: 20)
      .render()
    #expect(captioned.height > plain.height && captioned.width == plain.width)
    #expect(plain.levels.allSatisfy { $0 == 255 })
    #expect(captioned.levels.contains(30))
    var titled = ContactSheet([.init(tile)], columns: 1, scale: 20)
    titled.title = "a title that is longer than the page is wide"
    #expect(titled.render().height > plain.height + 20)
    #expect(titled.render().width == plain.width)
  }

  @Test func anEmptySheetIsAPage() throws {
    let page = ContactSheet([], columns: 4).render()
    #expect(try Image(png: page.png(), path: "x") == page)
  }
}
