internal import Datasets
public import Evaluation
internal import Files
internal import Foundation
internal import Robustness
internal import Tensors

/// Adversarial images as NumPy archives: `<attack>-<norm>-<epsilon>.npz` for every attack and size.
///
/// | array | shape, type | |
/// |---|---|---|
/// | `x_adv`, `x` | [n, channels, height, width], float32 | the recorded and the clean images, in the units of the data, to the bit |
/// | `label`, `index` | [n], int64 | the label and the place in the data |
/// | `clean_prediction`, `adversarial_prediction` | [n], int64 | -1 where the logits are NaN |
///
/// Images wait on the disk while a run lasts, in files without a name that vanish with the process.
public final class ArrayExport {
  /// The folder, created where it is absent.
  public let folder: String
  private let plan: EvaluationPlan
  private let clean: Spool
  private let spools: [[Spool]]
  private var shape: [Int] = []
  private var labels: [Int] = [], indices: [Int] = [], predictions: [Int] = []
  private var adversarial: [[[Int]]]

  /// Checks the folder and creates it.
  ///
  /// - Parameter overwrite: lets it hold something already; files of the same names are replaced.
  /// - Throws: ``ReportError``.
  public init(folder: String, plan: EvaluationPlan, overwrite: Bool = false) throws {
    self.folder = folder
    self.plan = plan
    try prepareFolder(folder, overwrite: overwrite)
    clean = try Spool(folder)
    spools = try plan.entries.map { try $0.epsilons.map { _ in try Spool(folder) } }
    adversarial = plan.entries.map { $0.epsilons.map { _ in [] } }
  }

  /// Takes the next examples.
  ///
  /// - Throws: ``ReportError/file(_:)`` where the disk is full.
  public func add(_ chunk: ChunkOutcome) throws {
    shape = Array(chunk.batch.images.shape.dropFirst())
    indices += chunk.batch.indices
    labels += chunk.clean.map(\.label)
    predictions += chunk.clean.map { $0.prediction ?? -1 }
    try clean.append(chunk.batch.images.values)
    for (entry, sizes) in chunk.attacked.enumerated() {
      for (size, attacked) in sizes.enumerated() {
        try spools[entry][size].append(attacked.images.values)
        adversarial[entry][size] += attacked.outcomes.map { $0.prediction ?? -1 }
      }
    }
  }

  /// Writes the archives.
  ///
  /// - Returns: their paths.
  /// - Throws: ``ReportError`` and `DatasetError`.
  public func finish() throws -> [String] {
    let images = NumpyArray(shape: [labels.count] + shape, .float32(try clean.contents()))
    var paths: [String] = []
    for (entry, planned) in plan.entries.enumerated() {
      for (size, epsilon) in planned.epsilons.enumerated() {
        let path = "\(folder)/\(planned.name)-\(planned.norm.rawValue)-\(epsilon.name).npz"
        let attacked = NumpyArray(
          shape: images.shape, .float32(try spools[entry][size].contents()))
        try writeNPZ(
          [
            ("x_adv", attacked), ("x", images), ("label", NumpyArray(labels)),
            ("clean_prediction", NumpyArray(predictions)),
            ("adversarial_prediction", NumpyArray(adversarial[entry][size])),
            ("index", NumpyArray(indices)),
          ], to: path)
        paths.append(path)
      }
    }
    return paths
  }
}

/// Numbers that wait on the disk, in a file that has no name any more.
private final class Spool {
  private let folder: String
  private let handle: FileHandle
  private var count = 0

  init(_ folder: String) throws(ReportError) {
    self.folder = folder
    var template = Array("\(folder)/.gauntlet-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw .file(
        .unwritable(path: folder, problem: String(cString: strerror(errno))))
    }
    unlink(template)
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func append(_ values: [Float]) throws(ReportError) {
    do {
      try handle.write(contentsOf: values.withUnsafeBytes { Data($0) })
      count += values.count
    } catch {
      throw .file(.unwritable(path: folder, problem: "the disk may be full"))
    }
  }

  func contents() throws(ReportError) -> [Float] {
    do {
      try handle.seek(toOffset: 0)
      let data = try handle.readToEnd() ?? Data()
      return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        initialized = data.copyBytes(to: buffer) / MemoryLayout<Float>.stride
      }
    } catch {
      throw .file(.unreadable(path: folder, problem: "what was kept there cannot be read back"))
    }
  }
}
