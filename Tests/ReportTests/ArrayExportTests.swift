import Datasets
import Evaluation
import Files
import Foundation
import Report
import Robustness
import Tensors
import Testing

@Suite struct ArrayExportTests {
  @Test func holdsTheRecordedImagesToTheBit() throws {
    try withFolder { folder in
      let run = try Sample.run()
      let export = try ArrayExport(folder: "\(folder)/arrays", plan: run.plan)
      for chunk in run.chunks { try export.add(chunk) }
      let paths = try export.finish()
      #expect(
        paths.map { $0.split(separator: "/").last ?? "" }
          == ["shift-linf-0.1.npz", "shift-linf-0.235294.npz"])
      // Nothing but the archives is left behind.
      #expect(try FileManager.default.contentsOfDirectory(atPath: export.folder).count == 2)
      // Members are stored as they are, so each array is found in the file.
      let archive = try Data(contentsOf: URL(fileURLWithPath: paths[1]))
      func holds(_ name: String, _ array: NumpyArray) -> Bool {
        archive.range(of: Data(Array("\(name).npy".utf8) + array.npy)) != nil
      }
      let recorded = run.chunks.map { $0.attacked[0][1] }
      #expect(holds("x_adv", NumpyArray(Tensor(joining: recorded.map(\.images)))))
      #expect(holds("x", NumpyArray(Tensor(joining: run.chunks.map(\.batch.images)))))
      #expect(holds("label", NumpyArray((0..<8).map { $0 % 4 })))
      #expect(holds("index", NumpyArray(Array(0..<8))))
      #expect(holds("clean_prediction", NumpyArray((0..<8).map { $0 % 4 })))
      let predictions = recorded.flatMap(\.outcomes).compactMap(\.prediction)
      #expect(holds("adversarial_prediction", NumpyArray(predictions)))
    }
  }

  @Test func aFolderWithContentsIsRefused() throws {
    try withFolder { folder in
      try writeAtomically("mine", to: "\(folder)/notes.txt")
      let plan = try Sample.run().plan
      #expect(throws: ReportError.occupied(folder: folder)) {
        try ArrayExport(folder: folder, plan: plan)
      }
      #expect(throws: ReportError.self) {
        try ArrayExport(folder: "\(folder)/notes.txt", plan: plan)
      }
    }
  }
}
