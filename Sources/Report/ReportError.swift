public import Files
public import Imaging

/// Why a report, a gallery or an export could not be written.
public enum ReportError: Error, Equatable, CustomStringConvertible {
  /// A file could not be written or read back.
  case file(FileError)
  /// An image could not be encoded or read back.
  case image(PNGError)
  /// The folder holds something and may not be overwritten.
  case occupied(folder: String)

  public var description: String {
    switch self {
    case .file(let error): error.description
    case .image(let error): error.description
    case .occupied(let folder):
      "folder '\(folder)' is not empty; give another one, or --overwrite to replace its files"
    }
  }
}
