public import Evaluation
internal import Files
internal import Foundation
internal import Imaging
internal import Robustness
internal import Tensors

/// A folder of adversarial images that opens in a browser without a server.
///
/// `images/` holds a PNG of each original, of each adversarial image and of the amplified
/// difference; `contact-sheet.png` shows them side by side; `manifest.json` lists them with
/// everything that is known; `index.html` is the page. Each adversarial file is rounded inside its
/// ball, read back, classified again and measured again.
public struct Gallery {
  /// The folder, created where it is absent.
  public let folder: String
  /// Bits of a sample of originals and adversarial images, 8 or 16.
  public let bits: Int

  /// Checks the folder and creates it.
  ///
  /// - Parameter overwrite: lets it hold something already; an earlier gallery in it is removed.
  /// - Throws: ``ReportError``.
  public init(folder: String, bits: Int = 8, overwrite: Bool = false) throws {
    precondition(bits == 8 || bits == 16, "\(bits) bits")
    self.folder = folder
    self.bits = bits
    try prepareFolder(folder, overwrite: overwrite)
    try reporting { () throws(FileError) in try createFolder("\(folder)/images") }
  }

  /// Writes everything, the page last.
  ///
  /// - Returns: what was written, as `manifest.json` has it.
  /// - Throws: ``ReportError``, and what the model throws.
  @discardableResult
  public func write(
    _ picks: [GalleryPicks.Pick], of result: EvaluationResult, subject: any Subject
  ) throws -> GalleryManifest {
    removeEarlier()
    let session = subject.subjectSession(seed: result.seed) { false }
    var manifest = GalleryManifest(
      tool: result.tool, model: result.model, data: result.data, seed: result.seed, items: [])
    var tiles: [ContactSheet.Tile] = []
    for pick in picks {
      let (item, images) = try write(pick, result, session)
      manifest.items.append(item)
      tiles += Self.tiles(item, images)
    }
    if let width = tiles.first?.image.width {
      // Two examples of three pictures a row, each about 112 pixels wide.
      var sheet = ContactSheet(tiles, columns: 6, scale: max(1, 112 / width))
      let name = result.model.path.split(separator: "/").last ?? ""
      sheet.title = "\(name): original, adversarial, difference; values \(result.rangeText)"
      try reporting { () throws(PNGError) in
        try sheet.render().write(to: "\(folder)/contact-sheet.png")
      }
      manifest.contactSheet = "contact-sheet.png"
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(manifest), as: UTF8.self) + "\n"
    let page = GalleryPage(manifest, result).html
    try reporting { () throws(FileError) in
      try writeAtomically(json, to: "\(folder)/manifest.json")
      try writeAtomically(page, to: "\(folder)/index.html")
    }
    return manifest
  }

  private struct Images {
    var original: Image, adversarial: Image, difference: Image
  }

  private func write(
    _ pick: GalleryPicks.Pick, _ result: EvaluationResult, _ session: any SubjectSession
  ) throws -> (GalleryManifest.Item, Images) {
    let scale = PixelScale(range: pick.threat.bounds, bits: bits)
    let rounded = Quantization(
      pick.adversarial[...], around: pick.clean[...], in: pick.threat, scale: scale)
    let number = String(format: "%05d", pick.index)
    let name = "images/\(number)-\(pick.attack)-\(pick.threat.norm.rawValue)-\(pick.epsilon.name)"
    let files = GalleryManifest.Files(
      original: "images/\(number)-original.png", adversarial: "\(name).png",
      difference: "\(name)-difference.png")
    let (images, largest) = try reporting { () throws(PNGError) in
      let (difference, largest) = try Image.difference(
        of: pick.adversarial, from: pick.clean, shape: pick.shape)
      let images = Images(
        original: try Image(pick.clean, shape: pick.shape, scale: scale),
        adversarial: try Image(shape: pick.shape, levels: rounded.levels, bits: bits),
        difference: difference)
      return (images, largest)
    }
    let text = texts(pick, result)
    let stored = try reporting { () throws(PNGError) in
      try images.original.write(to: "\(folder)/\(files.original)", text: Array(text.prefix(4)))
      try images.difference.write(to: "\(folder)/\(files.difference)", text: text)
      try images.adversarial.write(to: "\(folder)/\(files.adversarial)", text: text)
      return try Image(contentsOf: "\(folder)/\(files.adversarial)")
    }
    let values = stored.values(range: pick.threat.bounds)
    let batch = Batch(images: values.reshaped([1] + pick.shape), indices: [pick.index])
    let prediction = try session.verdicts(
      batch, scores: try session.scores(batch), questions: [])[0].prediction
    let distances = Distances(values.values[...], from: pick.clean[...])
    let width = Double(pick.threat.bounds.upperBound) - Double(pick.threat.bounds.lowerBound)
    let isTargeted = if case .targeted = pick.outcome.criterion { true } else { false }
    let item = GalleryManifest.Item(
      index: pick.index, label: pick.label, cleanPrediction: pick.cleanPrediction,
      attack: pick.attack, norm: pick.threat.norm, epsilon: pick.epsilon.value,
      epsilonText: pick.epsilon.text, goal: isTargeted ? "targeted" : "untargeted",
      goalLabel: pick.outcome.criterion?.label ?? pick.label,
      exact: .init(pick.outcome.distances, prediction: pick.outcome.prediction),
      file: .init(distances, prediction: prediction),
      fileIsAdversarial: pick.outcome.criterion?.isMet(by: prediction) ?? false,
      fileIsInsideBall: pick.threat.admits(distances), bits: bits,
      amplification: largest > 0 ? width / (2 * Double(largest)) : 1,
      originalIsExact: images.original.values(range: pick.threat.bounds).values == pick.clean,
      files: files)
    return (item, images)
  }

  /// What is stored inside each file; the first four belong to the original as well.
  private func texts(_ pick: GalleryPicks.Pick, _ result: EvaluationResult) -> [Image.Text] {
    func name(_ prediction: Int?) -> String { prediction.map { "\($0)" } ?? "none" }
    return [
      Image.Text("gauntlet:example", "\(pick.index)"),
      Image.Text("gauntlet:label", "\(pick.label)"),
      Image.Text("gauntlet:clean-prediction", name(pick.cleanPrediction)),
      Image.Text("gauntlet:model-sha256", result.model.sha256),
      Image.Text("gauntlet:attack", pick.attack),
      Image.Text("gauntlet:norm", pick.threat.norm.rawValue),
      Image.Text("gauntlet:epsilon", "\(pick.epsilon.text) in \(result.rangeText)"),
      Image.Text("gauntlet:adversarial-prediction", name(pick.outcome.prediction)),
    ]
  }

  private static func tiles(
    _ item: GalleryManifest.Item, _ images: Images
  ) -> [ContactSheet.Tile] {
    func name(_ prediction: Int?) -> String { prediction.map { "\($0)" } ?? "none" }
    let frame = ContactSheet.Color(red: 190, green: 190, blue: 190)
    return [
      .init(images.original, caption: "#\(item.index)\nlabel \(item.label)", frame: frame),
      .init(
        images.adversarial,
        caption: "\(item.attack)\n\(item.norm.rawValue) \(item.epsilonText)\n"
          + "as \(name(item.file.prediction))",
        frame: item.fileIsAdversarial ? .alarm : .calm),
      .init(
        images.difference,
        caption: "change x\(String(format: "%.3g", item.amplification))", frame: frame),
    ]
  }

  /// Removes the files that the manifest of an earlier gallery names, and that one's pages.
  private func removeEarlier() {
    let path = "\(folder)/manifest.json"
    guard let data = FileManager.default.contents(atPath: path),
      let earlier = try? JSONDecoder().decode(GalleryManifest.self, from: data)
    else { return }
    for item in earlier.items {
      for name in [item.files.original, item.files.adversarial, item.files.difference] {
        // The manifest may have been edited: nothing outside of the folder is touched.
        guard let file = try? resolve(name, inside: "\(folder)/images/.."),
          file.hasSuffix(".png")
        else { continue }
        try? FileManager.default.removeItem(atPath: file)
      }
    }
    for name in ["index.html", "contact-sheet.png", "manifest.json"] {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }
}

/// Creates `folder`, or accepts one that is empty or may be overwritten.
func prepareFolder(_ folder: String, overwrite: Bool) throws(ReportError) {
  let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  guard overwrite || contents.isEmpty else { throw .occupied(folder: folder) }
  do throws(FileError) {
    try createFolder(folder)
  } catch {
    throw .file(error)
  }
  guard FileManager.default.isWritableFile(atPath: folder) else {
    throw .file(.unwritable(path: folder, problem: "the folder may not be written to"))
  }
}

/// Calls `body` and turns its error into this module's.
func reporting<R>(_ body: () throws(FileError) -> R) throws(ReportError) -> R {
  do throws(FileError) {
    return try body()
  } catch {
    throw .file(error)
  }
}

/// Calls `body` and turns its error into this module's.
func reporting<R>(_ body: () throws(PNGError) -> R) throws(ReportError) -> R {
  do throws(PNGError) {
    return try body()
  } catch {
    throw .image(error)
  }
}
