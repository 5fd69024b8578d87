public import Testing
public import Foundation

/// Real data sets and third-party models that are not part of the package.
///
/// They lie in a folder `shared` beside the checkout, or wherever `GAUNTLET_SHARED` says. Tests
/// that need them are skipped where it is absent: `@Test(.enabled(if: Shared.exists,
/// Shared.hint))`.
public enum Shared {
  /// What a skipped test says.
  public static let hint: Comment =
    "needs the folder 'shared' beside the checkout (GAUNTLET_SHARED)"

  /// The folder, or nil where there is none.
  public static let folder: URL? = {
    if let path = ProcessInfo.processInfo.environment["GAUNTLET_SHARED"] {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    var folder = URL(fileURLWithPath: #filePath)
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let candidate = folder.appendingPathComponent("shared", isDirectory: true)
      if FileManager.default.fileExists(atPath: candidate.path + "/data/mnist") { return candidate }
    }
    return nil
  }()

  /// True where the folder exists.
  public static var exists: Bool { folder != nil }

  /// A file or folder in it.
  public static func url(_ path: String) throws -> URL {
    guard let folder else { throw Missing() }
    return folder.appendingPathComponent(path)
  }

  /// Thrown by `url(_:)` where the folder is absent.
  public struct Missing: Error {}
}

/// Files that the package ships in `Fixtures`.
public enum Fixtures {
  /// A file or folder in `Fixtures`.
  public static func url(_ path: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures").appendingPathComponent(path)
  }
}
