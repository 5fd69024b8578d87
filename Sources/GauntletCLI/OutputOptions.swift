import ArgumentParser
import Files
import Foundation
import Gauntlet

/// Where results go besides the table.
struct OutputOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Write the result as one JSON document.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Write the result as CSV, one row a number.", valueName: "file"))
  var csv: String?

  @Option(
    help: ArgumentHelp(
      "Write one line of JSON for each example, attack and size, as soon as it is known.",
      valueName: "file"))
  var records: String?

  @Option(
    help: ArgumentHelp(
      "Write PNG images of what fooled the model, and a page that shows them.", valueName: "folder")
  )
  var gallery: String?

  @Option(help: ArgumentHelp("How many images the gallery shows.", valueName: "n"))
  var galleryLimit = 24

  @Option(help: "Bits of a sample of the gallery's images: 8 or 16.")
  var pngDepth: PNGDepth = .eight

  @Option(
    help: ArgumentHelp(
      "Write all adversarial images as NumPy archives, <attack>-<norm>-<epsilon>.npz.",
      valueName: "folder"))
  var export: String?

  @Flag(help: "Let --gallery and --export use folders that are not empty.")
  var overwrite = false

  @Flag(name: .shortAndLong, help: "Write nothing to standard error but errors.")
  var quiet = false

  func validate() throws {
    guard galleryLimit >= 1 else {
      throw ValidationError("--gallery-limit is to be at least 1, not \(galleryLimit)")
    }
  }

  /// Makes sure, before a long run, that its files can be written after it.
  ///
  /// - Throws: `UsageError` or `FileError`.
  func check() throws {
    let options = [("--json", json), ("--csv", csv), ("--records", records)]
    let files = options.compactMap { option in option.1.map { (option.0, $0) } }
    for (position, file) in files.enumerated() {
      if let other = files[..<position].first(where: { $0.1 == file.1 }), file.1 != "-" {
        throw UsageError("\(other.0) and \(file.0) are the same file '\(file.1)'")
      }
      if file.1 != "-" { try checkWritable(file.1) }
    }
    if let gallery, let export, gallery == export {
      throw UsageError("--gallery and --export are the same folder '\(gallery)'")
    }
    if files.filter({ $0.1 == "-" }).count > 1 {
      throw UsageError("only one result can go to standard output")
    }
  }

  /// True where standard output is taken by a result.
  var usesStandardOutput: Bool { [json, csv, records].contains("-") }
}
