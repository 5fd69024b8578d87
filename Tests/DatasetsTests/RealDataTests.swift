import Datasets
import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

/// The data sets beside the checkout, against the facts that their page states.
@Suite struct RealDataTests {
  struct Facts: CustomStringConvertible {
    let name: String
    let split: String
    let count: Int
    let shape: [Int]
    let labels: [Int]
    var description: String { "\(name) \(split)" }
  }
  static let facts = [
    Facts(
      name: "mnist", split: "test", count: 10000, shape: [1, 28, 28], labels: [7, 2, 1, 0, 4]),
    Facts(
      name: "mnist", split: "train", count: 60000, shape: [1, 28, 28], labels: [5, 0, 4, 1, 9]),
    Facts(name: "fashion-mnist", split: "test", count: 10000, shape: [1, 28, 28], labels: [9, 2]),
    Facts(
      name: "cifar10", split: "test", count: 10000, shape: [3, 32, 32], labels: [3, 8, 8, 0, 6]),
    Facts(
      name: "cifar10", split: "train", count: 20000, shape: [3, 32, 32],
      labels: [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]),
  ]

  @Test(.enabled(if: Shared.exists, Shared.hint), arguments: facts)
  func loadsWithTheStatedLabels(_ facts: Facts) throws {
    let path = try Shared.url("data/\(facts.name)").path
    let data = try Dataset.load(path: path, split: facts.split)
    #expect(data.name == facts.name && data.split == facts.split && data.path == path)
    #expect(data.count == facts.count)
    #expect(data.shape == facts.shape)
    #expect(data.classCount == 10)
    #expect(data.sha256.count == 64)
    #expect(Array(data.labels.prefix(facts.labels.count)) == facts.labels)
    let images = data.images(0..<100)
    #expect(images.shape == [100] + facts.shape)
    #expect(images.values.allSatisfy { (0...1).contains($0) })
    #expect(images.values.contains { $0 > 0.9 })
  }

  @Test(.enabled(if: Shared.exists, Shared.hint))
  func balancesTheTestSetOfCIFAR10() throws {
    let data = try Dataset.load(path: Shared.url("data/cifar10").path)
    for label in 0..<10 { #expect(data.labels.count { $0 == label } == 1000) }
  }

  @Test(.enabled(if: Shared.exists, Shared.hint))
  func theFirstTestDigitIsASevenInTheUpperHalf() throws {
    let data = try Dataset.load(path: Shared.url("data/mnist").path, range: -1...1)
    let image = data.images([0])
    // The bar of the 7 lies in rows 7 to 9; the first rows and the last ones are empty.
    #expect(image.values[..<(7 * 28)].allSatisfy { $0 == -1 })
    #expect(image.values[7 * 28..<10 * 28].count { $0 > 0 } > 15)
  }
}
