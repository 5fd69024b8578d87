import Foundation

/// The example that comes with the package: its `Fixtures` folder.
enum PackageFixtures {
  /// Something in it, as a path relative to the working directory where it lies below that.
  ///
  /// Looked for in the working directory, above the executable (`.build/release/gauntlet`) and
  /// where the source was compiled.
  static func path(_ name: String) throws(UsageError) -> String {
    for folder in folders {
      let path = "\(folder)Fixtures/\(name)"
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    throw UsageError(
      "the package's Fixtures/\(name) is not here: run in the package's folder, "
        + "or give --model and --data")
  }

  private static var folders: [String] {
    var result = [""]
    var url = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
    if let executable = Bundle.main.executableURL { url = executable.resolvingSymlinksInPath() }
    while url.path != "/" {
      url.deleteLastPathComponent()
      let isPackage = FileManager.default.fileExists(
        atPath: url.appendingPathComponent("Package.swift").path)
      if isPackage { result.append(url.path + "/") }
    }
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return result + [source.path + "/"]
  }
}
