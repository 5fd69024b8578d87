import Foundation

/// Standard error, and what is at its other end.
enum Terminal {
  /// True where somebody watches standard error.
  static var isWatched: Bool { isatty(STDERR_FILENO) != 0 }

  /// How many characters fit a line of it.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes a line to standard error.
  static func say(_ line: String) { write(line + "\n") }

  /// Writes to standard error; there is nobody to tell where that fails.
  static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Writes to standard output; a closed pipe ends the output, not the run.
  static func print(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
  }
}
