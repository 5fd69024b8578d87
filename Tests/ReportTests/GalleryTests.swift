import Evaluation
import Files
import Foundation
import Imaging
import Report
import Robustness
import Testing

@Suite struct GalleryTests {
  @Test(arguments: [8, 16]) func filesAreReadBackAndMeasured(bits: Int) throws {
    try withFolder { folder in
      let run = try Sample.run()
      let gallery = try Gallery(folder: "\(folder)/new/gallery", bits: bits)
      let manifest = try gallery.write(
        run.picks.picks, of: run.result, subject: try Sample.classifier())
      #expect(manifest.items.map(\.index) == [0, 1, 2, 3, 4])
      // The smallest size that fooled: 0.1 for margins below 51/255.
      #expect(manifest.items.map(\.epsilonText) == ["0.1", "0.1", "60/255", "60/255", "60/255"])
      for item in manifest.items {
        #expect(item.fileIsAdversarial && item.fileIsInsideBall && item.originalIsExact)
        #expect(item.file.prediction != item.label && item.bits == bits)
        let image = try Image(contentsOf: "\(gallery.folder)/\(item.files.adversarial)")
        #expect(image.bits == bits && image.shape == [1, 2, 2])
        #expect(item.file.linf <= item.epsilon + 1e-6)
      }
      // 0.1 is 25.5 levels, so 8 bits hold 25 of them inside the ball.
      if bits == 8 { #expect(abs(manifest.items[0].file.linf - 25.0 / 255) < 1e-6) }
      let page = try String(contentsOfFile: "\(gallery.folder)/index.html", encoding: .utf8)
      #expect(page.contains("&lt;model&gt;.onnx") && !page.contains("<model>"))
      for item in manifest.items { #expect(page.contains(item.files.adversarial)) }
      #expect(!page.contains("http") && !page.contains("<script"))
      let stored = try Data(contentsOf: URL(fileURLWithPath: "\(gallery.folder)/manifest.json"))
      #expect(try JSONDecoder().decode(GalleryManifest.self, from: stored) == manifest)
    }
  }

  @Test func textIsStoredInTheImages() throws {
    try withFolder { folder in
      let run = try Sample.run()
      let gallery = try Gallery(folder: folder)
      let manifest = try gallery.write(
        run.picks.picks, of: run.result, subject: try Sample.classifier())
      let path = "\(folder)/\(manifest.items[0].files.adversarial)"
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      let text = try Image.decode(png: bytes, path: path).text
      #expect(text.contains(Image.Text("gauntlet:attack", "shift")))
      #expect(text.contains(Image.Text("gauntlet:epsilon", "0.1 in 0 to 1")))
      #expect(text.contains(Image.Text("gauntlet:model-sha256", "00ff")))
    }
  }

  @Test func aFolderWithContentsIsRefusedOrItsGalleryReplaced() throws {
    try withFolder { folder in
      let run = try Sample.run()
      try Gallery(folder: folder)
        .write(run.picks.picks, of: run.result, subject: try Sample.classifier())
      try writeAtomically("mine", to: "\(folder)/notes.txt")
      #expect(throws: ReportError.occupied(folder: folder)) { try Gallery(folder: folder) }
      let fewer = try Sample.run(limit: 1)
      try Gallery(folder: folder, overwrite: true)
        .write(fewer.picks.picks, of: fewer.result, subject: try Sample.classifier())
      let images = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/images")
      #expect(images.count == 3)
      #expect(FileManager.default.fileExists(atPath: "\(folder)/notes.txt"))
    }
  }

  @Test func attacksTakeTurns() throws {
    let entry = EvaluationPlan.Entry(
      attack: Sample.Shift(), norm: .linf, epsilons: [try Epsilon("0.3")])
    let plan = EvaluationPlan(entries: [entry, entry, entry], range: 0..<8)
    var picks = GalleryPicks(limit: 4, plan: plan)
    _ = try Evaluator(try Sample.classifier(), Sample.source, plan: plan)
      .run(deliver: { picks.add($0, plan: plan, bounds: 0...1) })
    #expect(picks.picks.map(\.attack) == ["shift", "shift", "shift-2", "shift-3"])
    #expect(picks.picks.map(\.index) == [0, 1, 0, 0])
  }
}
