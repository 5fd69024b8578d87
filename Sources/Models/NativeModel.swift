import Files
import Foundation
import NeuralNetworks
import ONNX

/// The description's path where `path` means a network in the package's own format: one of its two
/// files, or their common name without ending.
func nativeDescription(of path: String) -> String? {
  let description = NetworkFile.paths(path).description
  if path.hasSuffix(".json") || path.hasSuffix(".safetensors") { return description }
  let manager = FileManager.default
  return !manager.fileExists(atPath: path) && manager.fileExists(atPath: description)
    ? description : nil
}

/// Reads a network in the package's own format.
func readNative(_ path: String) throws(ModelError) -> ImportedNetwork {
  do {
    return ImportedNetwork(network: try NetworkFile.read(path).network, notes: [])
  } catch let error as FileError {
    throw .file(error)
  } catch let error as NetworkFileError {
    throw .native(error)
  } catch {
    throw .model(path: path, problem: "\(error)")
  }
}
