import Files
import Foundation

/// The options in a file beside a model, or none where there is no such file.
///
/// For `net.onnx` that is `net.onnx.json`, else `net.json`: an object with any of the fields
/// `mean`, `std`, `layout` and `range`. (A `net.json` that describes a network in the package's own
/// format belongs to other weights.)
func readSidecar(of model: String) throws(ModelError) -> PreprocessingOptions {
  let stem = model.hasSuffix(".onnx") ? [String(model.dropLast(5))] : []
  guard
    let path = ([model] + stem).map({ $0 + ".json" })
      .first(where: { FileManager.default.fileExists(atPath: $0) })
  else { return PreprocessingOptions() }
  let bytes: [UInt8]
  do throws(FileError) {
    bytes = try readFile(path, limit: 1 << 20)
  } catch {
    throw .file(error)
  }
  let known: Set<String> = ["mean", "std", "layout", "range"]
  let data = Data(bytes)
  guard let fields = try? JSONDecoder().decode([String: AnyField].self, from: data) else {
    throw .options(path: path, problem: "it is not a JSON object")
  }
  if path != model + ".json" && fields["format"] != nil { return PreprocessingOptions() }
  if let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) {
    throw .options(
      path: path,
      problem: "field '\(unknown)' is not known; the fields are \(known.sorted())")
  }
  do {
    return try JSONDecoder().decode(PreprocessingOptions.self, from: data)
  } catch let error as DecodingError {
    throw .options(path: path, problem: describe(error))
  } catch {
    throw .options(path: path, problem: "it cannot be read")
  }
}

/// Any value; only the names of fields are looked at.
private struct AnyField: Decodable {
  init(from decoder: any Decoder) throws {}
}

private func describe(_ error: DecodingError) -> String {
  switch error {
  case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
    .keyNotFound(_, let context):
    let place = context.codingPath.first?.stringValue ?? ""
    if place == "layout" {
      let names = Layout.allCases.map(\.rawValue).joined(separator: ", ")
      return "field 'layout' is not one of \(names)"
    }
    return "field '\(place)' is not a list of numbers"
  @unknown default: return "it cannot be read"
  }
}
