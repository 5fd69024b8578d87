import Files

/// Reads every array of a `.npz` file, by its name.
///
/// - Throws: ``DatasetError`` for a file that is no archive, is cut off, or holds anything but
///   numbers.
public func readNPZ(_ path: String) throws(DatasetError) -> [String: NumpyArray] {
  let archive = try ZipArchive(
    try readingFiles { () throws(FileError) in try readFile(path) }, path: path)
  var arrays: [String: NumpyArray] = [:]
  for member in archive.names where member.hasSuffix(".npy") {
    guard let contents = try archive.contents(of: member) else { continue }
    let name = String(member.dropLast(4))
    arrays[name] = try NumpyArray(npy: contents[...], path: path, place: "array '\(name)'")
  }
  return arrays
}
